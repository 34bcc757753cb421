package gateway

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"

	"bothways/internal/network"
)

// portNATPMP is where routers answer NAT-PMP and PCP (RFC 6886 section 1.1).
const portNATPMP = 5351

// The external address request and its answer (RFC 6886 section 3.2).
const (
	natpmpVersion   = 0
	opAddress       = 0
	answerBit       = 128
	natpmpAnswer    = 12 // bytes
	natpmpError     = 8  // bytes of an answer without address
	pcpVersion      = 2  // RFC 6887
	unsupportedVers = 1
)

// askNATPMP asks for the external address.
func askNATPMP(ctx context.Context, n network.Network, router netip.AddrPort) (wan netip.Addr, err error) {
	conn, err := open(ctx, n, router.Addr())
	if err != nil {
		return netip.Addr{}, err
	}
	defer conn.Close()
	var told error
	err = converse(ctx, conn, []byte{natpmpVersion, opAddress}, []netip.AddrPort{router}, router.Addr(), func(b []byte) (ok bool) {
		wan, ok, told = parseNATPMP(b)
		return ok
	})
	if err != nil {
		return netip.Addr{}, err
	}
	return wan, told
}

// parseNATPMP reads an answer; ok is false for what is none.
func parseNATPMP(b []byte) (wan netip.Addr, ok bool, err error) {
	switch {
	case len(b) >= 4 && b[0] == pcpVersion && b[1]&answerBit != 0:
		return wan, true, errPCPOnly
	case len(b) < natpmpError || b[0] != natpmpVersion || b[1] != answerBit|opAddress:
		return wan, false, nil
	}
	if result := binary.BigEndian.Uint16(b[2:]); result != 0 {
		if result == unsupportedVers {
			return wan, true, refusal("the router does not speak this version of NAT-PMP")
		}
		return wan, true, refusal(fmt.Sprintf("the router answers with result %d", result))
	}
	if len(b) < natpmpAnswer {
		return wan, false, nil
	}
	wan, err = wanAddress(netip.AddrFrom4([4]byte(b[8:natpmpAnswer])))
	return wan, true, err
}
