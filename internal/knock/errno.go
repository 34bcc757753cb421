package knock

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Windows reports these instead of the POSIX numbers.
const (
	wsaAccess          = syscall.Errno(10013)
	wsaFiles           = syscall.Errno(10024)
	wsaInUse           = syscall.Errno(10048)
	wsaReset           = syscall.Errno(10054)
	wsaNoBuffers       = syscall.Errno(10055)
	wsaRefused         = syscall.Errno(10061)
	wsaHostUnreachable = syscall.Errno(10065)
)

func is(err error, targets ...error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var timeout net.Error
	return is(err, context.DeadlineExceeded, os.ErrDeadlineExceeded, syscall.ETIMEDOUT) || errors.As(err, &timeout) && timeout.Timeout()
}

// FaultOf sorts the error of opening a port; empty for none.
func FaultOf(err error) Fault {
	switch {
	case err == nil:
		return ""
	case is(err, syscall.EADDRINUSE, wsaInUse):
		return InUse
	case is(err, syscall.EACCES, syscall.EPERM, wsaAccess):
		return NotPermitted
	case is(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, wsaFiles, wsaNoBuffers):
		return NoFiles
	}
	return OtherFault
}

// icmpOf is what an error of a connected UDP socket stands for; empty when it is this
// machine's own.
func icmpOf(err error) string {
	switch {
	case is(err, syscall.ECONNREFUSED, wsaRefused, wsaReset):
		return "port-unreachable"
	case is(err, syscall.EHOSTUNREACH, wsaHostUnreachable):
		return "host-unreachable"
	}
	return ""
}

// errorText is empty for an end that is none of this machine's.
func errorText(err error) string {
	if err == nil || errors.Is(err, io.EOF) {
		return ""
	}
	return err.Error()
}
