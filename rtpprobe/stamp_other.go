//go:build !linux

package rtpprobe

import (
	"net"
	"time"
)

// stampSpace is that of control messages, which are not read here.
const stampSpace = 0

// enableStamps is false: the time of arrival is when the datagram was read.
func enableStamps(*net.UDPConn) bool { return false }

func arrival(_ []byte, _, now time.Time) time.Time { return now }
