//go:build !linux

package rtpprobe

import (
	"errors"
	"net"
)

// canReflectRaw is false: each socket of a Reflector has a goroutine.
const canReflectRaw = false

func openRawPorts(*ReflectorConfig, *openFaults) (reflectPorts, error) {
	return nil, errors.ErrUnsupported
}

// connDrops is unknown here.
func connDrops(net.PacketConn) (n int64, ok bool) { return 0, false }

// newFastLine is nil: there is no faster way here.
func newFastLine(net.PacketConn, *sweeper) sweepLine { return nil }
