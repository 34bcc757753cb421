//go:build !linux && !darwin

package rtpprobe

import "net"

// setMark cannot mark anything: Windows has marks set by policy alone.
func setMark(net.PacketConn, Mark) error { return ErrNoMarks }
