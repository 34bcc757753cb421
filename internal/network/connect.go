package network

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
)

// Windows reports these instead of the POSIX numbers.
const (
	wsaNetUnreachable  = syscall.Errno(10051)
	wsaRefused         = syscall.Errno(10061)
	wsaHostUnreachable = syscall.Errno(10065)
)

// ConnectResult names why a TCP connection could not be opened: "timeout", "refused",
// "unreachable", or "local" where this machine could not even try.
func ConnectResult(err error) string {
	is := func(targets ...error) bool {
		for _, t := range targets {
			if errors.Is(err, t) {
				return true
			}
		}
		return false
	}
	switch {
	case is(context.DeadlineExceeded, os.ErrDeadlineExceeded, syscall.ETIMEDOUT):
		return "timeout"
	case is(syscall.ECONNREFUSED, wsaRefused):
		return "refused"
	case is(syscall.EHOSTUNREACH, syscall.ENETUNREACH, wsaNetUnreachable, wsaHostUnreachable):
		return "unreachable"
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "timeout"
	}
	return "local"
}
