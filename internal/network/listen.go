package network

import (
	"errors"
	"syscall"
)

// Windows reports these instead of the POSIX numbers.
const (
	wsaAccess       = syscall.Errno(10013)
	wsaInUse        = syscall.Errno(10048)
	wsaNotAvailable = syscall.Errno(10049)
)

// ListenResult names why a port could not be listened on: "in-use", "not-permitted",
// "no-such-address" where the address is none of this machine's, or "local" for anything else.
func ListenResult(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, wsaInUse):
		return "in-use"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM), errors.Is(err, wsaAccess):
		return "not-permitted"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, wsaNotAvailable):
		return "no-such-address"
	}
	return "local"
}
