package lab

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/natlab"
)

// portNATPMP is where routers answer NAT-PMP (RFC 6886 section 1.1).
const portNATPMP = 5351

// tell has the site's router answer NAT-PMP's question for its WAN address, and nothing
// else of that protocol, or PCP's requests for mappings, of which it makes none; until
// stop is called. Most routers of the lab say nothing.
func tell(ctx context.Context, l *natlab.Lab, f Fault) (stop func(), err error) {
	if !f.RouterTells && !f.RouterPCP {
		return func() {}, nil
	}
	conn, err := l.Site.ListenPacket(ctx, netip.AddrPortFrom(netip.IPv4Unspecified(), portNATPMP))
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	answer := answerNATPMP
	if f.RouterPCP {
		answer = answerPCP
	}
	wg.Go(func() { serveRouter(conn, l.Addresses.RouterWAN, answer) })
	return func() {
		conn.Close()
		wg.Wait()
	}, nil
}

// serveRouter answers until the socket is closed.
func serveRouter(conn *net.UDPConn, wan netip.Addr, answer func(question []byte, wan netip.Addr, epoch uint32) []byte) {
	started, question := time.Now(), make([]byte, 1100) // RFC 6887 section 7
	for {
		n, from, err := conn.ReadFromUDPAddrPort(question)
		if err != nil {
			return
		}
		if a := answer(question[:n], wan, uint32(time.Since(started).Seconds())); a != nil {
			conn.WriteToUDPAddrPort(a, from)
		}
	}
}

// answerNATPMP answers external address requests (RFC 6886 section 3.2).
func answerNATPMP(question []byte, wan netip.Addr, epoch uint32) []byte {
	if len(question) != 2 || question[0] != 0 || question[1] != 0 {
		return nil
	}
	return append(binary.BigEndian.AppendUint32([]byte{0, 128, 0, 0}, epoch), wan.AsSlice()...)
}

// answerPCP answers requests for mappings (RFC 6887 sections 11.2 and 12.2) with the WAN
// address, and what is older with its own version (section 9).
func answerPCP(question []byte, wan netip.Addr, epoch uint32) []byte {
	const version, header, address = 2, 24, 44
	head := func(opcode, result byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{version, 128 | opcode, 0, result, 0, 0, 0, 10}, epoch), make([]byte, 12)...)
	}
	switch {
	case len(question) < 2:
		return nil
	case question[0] != version:
		return head(question[1], 1)
	case len(question) < address+16:
		return head(question[1], 3)
	}
	outside := wan.As16()
	a := append(head(question[1], 0), question[header:]...)
	copy(a[address:], outside[:])
	return a
}
