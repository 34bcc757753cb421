//go:build !windows

package rtpprobe

import (
	"errors"
	"syscall"
)

// faultOf sorts the error of opening a port.
func faultOf(err error) openFault {
	switch {
	case err == nil:
		return faultNone
	case errors.Is(err, syscall.EADDRINUSE):
		return faultInUse
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return faultNotPermitted
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM):
		return faultNoFiles
	}
	return faultOther
}

// noRoom reports whether a buffer of this machine was full.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM)
}
