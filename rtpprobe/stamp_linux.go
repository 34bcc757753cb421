package rtpprobe

import (
	"encoding/binary"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// stampSpace holds one control message with a timespec.
const stampSpace = 64

// maxQueued bounds how long a datagram can have waited once the wall clock was set: a larger difference may be its
// step. Else a datagram has waited for as long as this program stood still.
const maxQueued = 2 * time.Second

// longestQueue is how long a datagram can have waited at a socket that is open for one time by two clocks.
func longestQueue(byWall, lasted time.Duration) time.Duration {
	if clockStep(byWall, lasted) != 0 {
		return maxQueued
	}
	return max(lasted, maxQueued)
}

// enableStamps asks the kernel for the time of arrival of each datagram (SO_TIMESTAMPNS).
func enableStamps(conn *net.UDPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	})
	return err == nil && failed == nil
}

// arrival is when the kernel received the datagram, at a socket that is open since then, on the monotonic clock of
// now; now when it does not say. The one control message is a cmsghdr (length, level, type) and a timespec of two machine words.
func arrival(control []byte, opened, now time.Time) time.Time {
	const header, word = unix.SizeofCmsghdr, unix.SizeofPtr
	if len(control) < header+2*word {
		return now
	}
	level := binary.NativeEndian.Uint32(control[header-8:])
	kind := binary.NativeEndian.Uint32(control[header-4:])
	if level != unix.SOL_SOCKET || kind != unix.SCM_TIMESTAMPNS {
		return now
	}
	queued := now.Sub(time.Unix(machineWord(control[header:]), machineWord(control[header+word:])))
	if queued < 0 || queued > longestQueue(now.Round(0).Sub(opened.Round(0)), now.Sub(opened)) {
		return now
	}
	return now.Add(-queued)
}

func machineWord(b []byte) int64 {
	if unix.SizeofPtr == 8 {
		return int64(binary.NativeEndian.Uint64(b))
	}
	return int64(int32(binary.NativeEndian.Uint32(b)))
}
