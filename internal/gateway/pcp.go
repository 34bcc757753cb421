package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"bothways/internal/network"
)

// The Port Control Protocol (RFC 6887 sections 7, 11.1 and 12.1).
const (
	pcpMap           = 1
	pcpPeer          = 2
	pcpHeader        = 24 // bytes
	pcpMapBytes      = pcpHeader + 36
	pcpPeerBytes     = pcpMapBytes + 20
	pcpProtocolUDP   = 17
	pcpSeconds       = 10 // how long a mapping is asked for
	pcpNonceBytes    = 12
	pcpDeletePause   = 300 * time.Millisecond
	pcpDiscardedPort = 9 // of the peer that there is none of
)

// errPCPOnly says that a router answers NAT-PMP as one that speaks PCP alone
// (RFC 6887 section 9).
const errPCPOnly = refusal("the router speaks PCP only")

// AskPCP asks for the external address in the only ways that PCP has, with the least
// that leaves behind: as that of an outbound mapping of the socket which asks, to a peer
// that does not exist (192.0.2.1, RFC 5737), for a few seconds; it lets nobody else in.
// A router that makes no such mappings, as miniupnpd's with nftables, is asked for one of
// that socket's port, which is deleted at once.
func AskPCP(ctx context.Context, n network.Network, router netip.AddrPort) (wan netip.Addr, err error) {
	conn, err := open(ctx, n, router.Addr())
	if err != nil {
		return netip.Addr{}, err
	}
	defer conn.Close()
	q := pcpQuestion{opcode: pcpPeer, seconds: pcpSeconds}
	rand.Read(q.nonce[:])
	local, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		return netip.Addr{}, err
	}
	q.local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	wan, err = q.ask(ctx, conn, router)
	if !errors.Is(err, errNoPeers) {
		return wan, err
	}
	q.opcode = pcpMap
	wan, err = q.ask(ctx, conn, router)
	q.delete(conn, router)
	return wan, err
}

// errNoPeers says that a router makes no outbound mappings.
const errNoPeers = refusal("the router refuses PEER requests")

// A pcpQuestion is a request for a mapping of the socket that sends it.
type pcpQuestion struct {
	opcode  byte
	seconds uint32 // 0 deletes
	local   netip.AddrPort
	nonce   [pcpNonceBytes]byte
}

func (q pcpQuestion) bytes() []byte {
	own := q.local.Addr().As16()
	b := append([]byte{pcpVersion, q.opcode, 0, 0}, binary.BigEndian.AppendUint32(nil, q.seconds)...)
	b = append(b, own[:]...)
	b = append(append(b, q.nonce[:]...), pcpProtocolUDP, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, q.local.Port())
	b = binary.BigEndian.AppendUint16(b, 0) // any external port
	any4 := netip.AddrFrom4([4]byte{}).As16()
	b = append(b, any4[:]...)
	if q.opcode == pcpPeer {
		peer := netip.AddrFrom4([4]byte{192, 0, 2, 1}).As16()
		b = append(binary.BigEndian.AppendUint16(b, pcpDiscardedPort), 0, 0)
		b = append(b, peer[:]...)
	}
	return b
}

func (q pcpQuestion) ask(ctx context.Context, conn net.PacketConn, router netip.AddrPort) (wan netip.Addr, err error) {
	var told error
	err = converse(ctx, conn, q.bytes(), []netip.AddrPort{router}, router.Addr(), func(b []byte) (ok bool) {
		wan, ok, told = q.parse(b)
		return ok
	})
	if err != nil {
		return netip.Addr{}, err
	}
	return wan, told
}

// delete takes a mapping back. Should the word be lost, it ends by itself.
func (q pcpQuestion) delete(conn net.PacketConn, router netip.AddrPort) {
	ctx, cancel := context.WithTimeout(context.Background(), pcpDeletePause)
	defer cancel()
	q.seconds = 0
	q.ask(ctx, conn, router)
}

// parse reads an answer; ok is false for what is none to this question.
func (q pcpQuestion) parse(b []byte) (wan netip.Addr, ok bool, err error) {
	if len(b) < pcpHeader || b[0] != pcpVersion || b[1] != answerBit|q.opcode {
		return wan, false, nil
	}
	if result := b[3]; result != 0 {
		if q.opcode == pcpPeer {
			return wan, true, errNoPeers
		}
		return wan, true, refusal(fmt.Sprintf("the router answers PCP with result %d", result))
	}
	if q.opcode == pcpPeer && len(b) < pcpPeerBytes || len(b) < pcpMapBytes || !bytes.Equal(b[pcpHeader:pcpHeader+pcpNonceBytes], q.nonce[:]) {
		return wan, false, nil
	}
	wan, err = wanAddress(netip.AddrFrom16([16]byte(b[pcpMapBytes-16 : pcpMapBytes])).Unmap())
	return wan, true, err
}
