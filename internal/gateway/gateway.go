// Package gateway asks the default router of a machine which address it has on its WAN
// side: by NAT-PMP (RFC 6886) and by UPnP's Internet Gateway Device. These questions change
// nothing on the router and go nowhere else.
//
// PCP (RFC 6887) tells the address only together with a mapping, so that it is asked last,
// and only of a router that has answered NAT-PMP without telling it: because it speaks
// nothing older than PCP (its section 9), or because it hides an address that means
// nothing on the Internet, as miniupnpd does behind a carrier's NAT; see [AskPCP].
package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
)

// Patience is how long a router has for its answers.
const Patience = 1500 * time.Millisecond

// Ask asks the default router of the network in every protocol at once. It returns
// within [Patience]; silence is an answer.
func Ask(ctx context.Context, n network.Network) evidence.Gateway { return new(Asker).Ask(ctx, n) }

// At asks a router that is known. The answers are those by NAT-PMP and UPnP, and by PCP
// where that was asked.
func At(ctx context.Context, n network.Network, router netip.Addr) evidence.Gateway {
	return new(Asker).At(ctx, n, router)
}

func at(ctx context.Context, n network.Network, router netip.Addr, patience [len(protocols)]time.Duration) evidence.Gateway {
	g := evidence.Gateway{Address: router, Answers: make([]evidence.GatewayAnswer, len(protocols))}
	questions := [len(protocols)]func(context.Context) (netip.Addr, error){
		func(ctx context.Context) (netip.Addr, error) {
			return askNATPMP(ctx, n, netip.AddrPortFrom(router, portNATPMP))
		},
		func(ctx context.Context) (netip.Addr, error) {
			return askUPnP(ctx, n, netip.AddrPortFrom(router, portSSDP))
		},
	}
	var pcp []evidence.GatewayAnswer
	var wg sync.WaitGroup
	for i, ask := range questions {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience[i])
			defer cancel()
			wan, err := ask(ctx)
			g.Answers[i] = Answer(protocols[i], wan, err)
			if _, refused := errors.AsType[refusal](err); refused && protocols[i] == evidence.NATPMP {
				wan, err = AskPCP(ctx, n, netip.AddrPortFrom(router, portNATPMP))
				pcp = append(pcp, Answer(evidence.PCP, wan, err))
			}
		})
	}
	wg.Wait()
	g.Answers = append(g.Answers, pcp...)
	return g
}

// errSilent says that nothing came back in time.
var errSilent = errors.New("no answer")

// A refusal is an answer without an address.
type refusal string

func (r refusal) Error() string { return string(r) }

// Answer is what came of a question.
func Answer(p evidence.GatewayProtocol, wan netip.Addr, err error) evidence.GatewayAnswer {
	a := evidence.GatewayAnswer{Protocol: p, Outcome: "told", WAN: wan}
	var refused refusal
	switch {
	case err == nil:
		return a
	case errors.As(err, &refused):
		a.Outcome, a.Error = "refused", err.Error()
	case errors.Is(err, errSilent):
		a.Outcome = "silent"
	default:
		a.Outcome, a.Error = "not-asked", err.Error()
	}
	a.WAN = netip.Addr{}
	return a
}

// wanAddress is an address that a router can have on its WAN side.
func wanAddress(a netip.Addr) (netip.Addr, error) {
	if !a.Is4() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() {
		return netip.Addr{}, refusal(fmt.Sprintf("the router names %s as its address outside", a))
	}
	return a, nil
}

// open opens a UDP socket that sends to the router.
func open(ctx context.Context, n network.Network, router netip.Addr) (net.PacketConn, error) {
	local, err := n.Source(ctx, router)
	if err != nil {
		return nil, err
	}
	return n.ListenPacket(ctx, netip.AddrPortFrom(local, 0))
}

// converse sends a question to each destination, again after growing pauses, and hands
// what comes back from the router to take, until that has what it wants or ctx ends.
func converse(ctx context.Context, conn net.PacketConn, question []byte, to []netip.AddrPort, router netip.Addr, take func([]byte) bool) error {
	const first = 250 * time.Millisecond // RFC 6886 section 3.1
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	buffer := make([]byte, 2048)
	for pause := first; ctx.Err() == nil; pause *= 2 {
		if err := sendAll(conn, question, to); err != nil {
			return err
		}
		conn.SetReadDeadline(time.Now().Add(pause))
		for ctx.Err() == nil {
			n, from, err := conn.ReadFrom(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return errSilent // as an ICMP error is, where a system reports it here
			}
			if a, err := netip.ParseAddrPort(from.String()); err == nil && a.Addr().Unmap() == router && take(buffer[:n]) {
				return nil
			}
		}
	}
	return errSilent
}

// sendAll fails when nothing could be sent at all.
func sendAll(conn net.PacketConn, question []byte, to []netip.AddrPort) error {
	var errs []error
	for _, a := range to {
		if _, err := conn.WriteTo(question, net.UDPAddrFromAddrPort(a)); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) == len(to) {
		return errors.Join(errs...)
	}
	return nil
}
