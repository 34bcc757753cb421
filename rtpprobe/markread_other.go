//go:build !linux

package rtpprobe

import "net"

// openMarkReader reads datagrams without their marks.
func openMarkReader(conn net.PacketConn) (markReader, error) {
	return plainReader{conn}, errUnreadMarks
}
