package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/sipprobe"
)

// How this end asks what its own NAT does.
const (
	natAsks  = 4 // fresh sockets whose ports must all be kept
	natTries = 3 // for each hop limit
	// An answer is waited for natTrips round trips, two of them for the challenge, within
	// bounds; the first ones for longer, since the round trip is not known then.
	natTrips      = 5
	firstPatience = 2 * time.Second
	leastPatience = 250 * time.Millisecond
	// maxHops is farther than anything on the Internet is.
	maxHops = 40
	// leastHops is how far the responder must be: the client's own router, another one
	// on which packets may end, the site's router, the responder.
	leastHops = 4
)

var (
	errNoUDPBehindNAT = errors.New("the client is behind a NAT of its own, and no UDP to the responder passes, by which it would learn what that NAT does")
	errPortsChanged   = errors.New("the client is behind a NAT of its own, which gives its packets other source ports, so that nobody can tell where the site would have to send")
	errOtherAddress   = errors.New("the client is behind a NAT of its own, and its UDP comes from another address than what it tells the site to do")
	errTooNear        = errors.New("the client is behind a NAT of its own, and so near to the site that no packet could open that NAT without reaching the site")
	errOddHops        = errors.New("the client is behind a NAT of its own, and how far away the site is cannot be measured")
)

// learnNAT finds out, over UDP flows of this end, whether its own NAT keeps source
// ports, and with which hop limit a packet leaves that NAT and ends well before the site.
func (r *run) learnNAT(ctx context.Context) (*evidence.OwnNAT, error) {
	if err := r.unreachable(); err == errConcealed {
		return nil, err
	}
	if r.flows[sipprobe.UDP] == nil {
		return nil, errNoUDPBehindNAT
	}
	patience := firstPatience
	for range natAsks {
		x, local, err := r.ask(ctx, 0, patience)
		switch {
		case err != nil:
			return nil, err
		case !x.SeenAs.IsValid() || x.Outcome != sipprobe.Accepted:
			return nil, errNoUDPBehindNAT
		case x.SeenAs.Addr().Unmap() != r.public:
			return nil, errOtherAddress
		case x.SeenAs.Port() != local.Port():
			return nil, errPortsChanged
		case x.RTTMs != nil:
			patience = min(max(time.Duration(natTrips**x.RTTMs*float64(time.Millisecond)), leastPatience), firstPatience)
		}
	}
	nat := &evidence.OwnNAT{}
	low, high := 0, maxHops // nothing passes with the one, something with the other
	for high-low > 1 {
		limit := (low + high) / 2
		if passed, err := r.passes(ctx, limit, patience); err != nil {
			return nil, err
		} else if passed {
			high = limit
		} else {
			low = limit
		}
	}
	nat.Hops = high
	// Half way is beyond the client's own network and far from the site's.
	nat.HopLimit = max(high/2, 2)
	if high < leastHops {
		return nil, errTooNear
	}
	if passed, err := r.passes(ctx, nat.HopLimit+1, patience); err != nil || passed || high == maxHops {
		return nil, errors.Join(errOddHops, err)
	}
	return nat, nil
}

// passes reports whether anything with a hop limit reaches the responder.
func (r *run) passes(ctx context.Context, limit int, patience time.Duration) (bool, error) {
	for range natTries {
		x, _, err := r.ask(ctx, limit, patience)
		if err != nil || x.Outcome == sipprobe.Accepted {
			return err == nil, err
		}
	}
	return false, nil
}

// ask sends OPTIONS from a fresh socket, with a hop limit unless that is 0. It is
// kept out of the tape: what ends on the way is no loss.
func (r *run) ask(ctx context.Context, limit int, patience time.Duration) (x sipprobe.Exchange, local netip.AddrPort, err error) {
	conn, err := r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(r.local, 0))
	if err != nil {
		return x, local, err
	}
	if limit > 0 {
		if err := network.SetHopLimit(conn, limit); err != nil {
			conn.Close()
			return x, local, fmt.Errorf("the client is behind a NAT of its own, and cannot limit how far its packets go: %w", err)
		}
	}
	cfg := r.endpointConfig(sipprobe.UDP)
	cfg.PacketConn, cfg.Tape = conn, &sipprobe.Tape{}
	e, err := sipprobe.Start(cfg)
	if err != nil {
		return x, local, err
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	x = e.Options(ctx, sipprobe.Target{Peer: r.flows[sipprobe.UDP].peer, Token: r.ev.Run.Token("own-nat")})
	return x, e.Local(), nil
}
