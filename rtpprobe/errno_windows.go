package rtpprobe

import (
	"errors"
	"syscall"

	"golang.org/x/sys/windows"
)

// errorKinds names the failures of a datagram socket that say something about the machine or the path.
var errorKinds = []errorKind{
	{windows.WSAECONNREFUSED, "connection-refused"},
	{windows.WSAECONNRESET, "connection-refused"},
	{windows.WSAEACCES, "not-permitted"},
	{windows.WSAENETUNREACH, "network-unreachable"},
	{windows.WSAEHOSTUNREACH, "host-unreachable"},
	{windows.WSAENETDOWN, "network-down"},
	{windows.WSAENOBUFS, "no-buffers"},
	{windows.WSAEMSGSIZE, "message-too-long"},
	{windows.WSAEINVAL, "invalid-address"},
	{windows.WSAEADDRNOTAVAIL, "invalid-address"},
	{windows.WSAEAFNOSUPPORT, "invalid-address"},
	{syscall.ECONNREFUSED, "connection-refused"},
}

// portTaken reports whether another port might do better.
func portTaken(err error) bool {
	return errors.Is(err, windows.WSAEADDRINUSE) || errors.Is(err, windows.WSAEACCES) ||
		errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, syscall.EACCES)
}
