package lab

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/natlab"
)

// portNATPMP is where routers answer NAT-PMP (RFC 6886 section 1.1).
const portNATPMP = 5351

// tell has the site's router answer NAT-PMP's question for its WAN address, and nothing
// else of that protocol, until stop is called.
func tell(ctx context.Context, l *natlab.Lab) (stop func(), err error) {
	conn, err := l.Site.ListenPacket(ctx, netip.AddrPortFrom(netip.IPv4Unspecified(), portNATPMP))
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	wg.Go(func() { answerNATPMP(conn, l.Addresses.RouterWAN, time.Now()) })
	return func() {
		conn.Close()
		wg.Wait()
	}, nil
}

// answerNATPMP answers external address requests (RFC 6886 section 3.2) until the
// socket is closed. The answer counts the seconds since started.
func answerNATPMP(conn *net.UDPConn, wan netip.Addr, started time.Time) {
	question := make([]byte, 64)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(question)
		if err != nil {
			return
		}
		if n != 2 || question[0] != 0 || question[1] != 0 {
			continue
		}
		epoch := uint32(time.Since(started).Seconds())
		answer := []byte{0, 128, 0, 0, byte(epoch >> 24), byte(epoch >> 16), byte(epoch >> 8), byte(epoch)}
		conn.WriteToUDPAddrPort(append(answer, wan.AsSlice()...), from)
	}
}
