//go:build !windows

package rtpprobe

import (
	"errors"
	"syscall"
)

// errorKinds names the failures of a datagram socket that say something about the machine or the path.
var errorKinds = []errorKind{
	{syscall.ECONNREFUSED, "connection-refused"},
	{syscall.EPERM, "not-permitted"},
	{syscall.EACCES, "not-permitted"},
	{syscall.ENETUNREACH, "network-unreachable"},
	{syscall.EHOSTUNREACH, "host-unreachable"},
	{syscall.ENETDOWN, "network-down"},
	{syscall.ENOBUFS, "no-buffers"},
	{syscall.EMSGSIZE, "message-too-long"},
	{syscall.EINVAL, "invalid-address"},
	{syscall.EADDRNOTAVAIL, "invalid-address"},
	{syscall.EAFNOSUPPORT, "invalid-address"},
}

// portTaken reports whether another port might do better.
func portTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES)
}
