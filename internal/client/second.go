package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// ErrSecondAddress says that a second address cannot be one.
var ErrSecondAddress = errors.New("not a second address")

// CheckSecond says what is wrong with the second address of a configuration, nil when
// nothing is, or while nobody knows where the site is.
func CheckSecond(ctx context.Context, cfg Config) error {
	second := cfg.SecondAddress
	if !second.IsValid() {
		return nil
	}
	conn, err := cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(second, 0))
	if err != nil {
		return fmt.Errorf("%w: %s is no address of this machine", ErrSecondAddress, second)
	}
	conn.Close()
	if !cfg.Address.IsValid() {
		return nil
	}
	first, err := source(ctx, cfg)
	switch {
	case err != nil:
		return err
	case first.Is4() != second.Is4():
		return fmt.Errorf("%w: %s and the site's address %s are of different families", ErrSecondAddress, second, cfg.Address)
	case first == second:
		return fmt.Errorf("%w: %s is the one that this machine uses anyhow", ErrSecondAddress, second)
	}
	return nil
}

// proveSecond has the second address show itself to the responder: a message from it
// answers a challenge, over the first transport that carries one. Until then the
// responder sends nothing there.
func (r *run) proveSecond(ctx context.Context) {
	if !r.cfg.SecondAddress.IsValid() {
		return
	}
	out := &evidence.SecondAddress{Address: r.cfg.SecondAddress}
	r.ev.Pairing.Second = out
	cfg := r.cfg
	if err := CheckSecond(ctx, cfg); err != nil {
		out.Error = err.Error()
		return
	}
	if len(r.flows) == 0 {
		out.Error = "no SIP port of the site is known"
	}
	for _, t := range sipprobe.Transports() {
		f := r.flows[t]
		if f == nil || !r.works(t) {
			continue
		}
		seen, err := r.proveOver(ctx, f)
		if err == nil {
			out.SeenAs, out.Transport, out.Error = &seen, t, ""
			r.progress("second-address", "", "the second address %s has proven itself over %s", out.Address, t)
			return
		}
		out.Error = fmt.Sprintf("%s: %v", t, err)
	}
	if out.Error == "" {
		out.Error = "no transport reaches the responder from outside"
	}
	r.progress("second-address", "", "the second address %s could not prove itself: %s", out.Address, out.Error)
}

// noSecond says why there is no second address for media, empty when there is one.
func (r *run) noSecond() string {
	switch second := r.ev.Pairing.Second; {
	case second == nil:
		return "this end has no second address: --second-address gives it one"
	case second.SeenAs == nil:
		return fmt.Sprintf("the second address %s could not prove itself: %s", second.Address, second.Error)
	}
	return ""
}

// proveOver sends the message over a transport that works from the first address.
func (r *run) proveOver(ctx context.Context, f *flow) (seen netip.AddrPort, err error) {
	ctx, cancel := context.WithTimeout(ctx, firstContact)
	defer cancel()
	e, err := r.secondEndpoint(ctx, f)
	if err != nil {
		return seen, err
	}
	defer e.Close()
	body, err := pairing.Encode(pairing.Order{Run: r.ev.Run.ID, Prove: true})
	if err != nil {
		return seen, err
	}
	to := sipprobe.Target{Peer: f.peer, Token: r.ev.Run.SecondToken(e.Transport())}
	x := e.Message(ctx, to, pairing.ContentType, pairing.Encoding, body)
	if x.Outcome != sipprobe.Accepted {
		return seen, fmt.Errorf("%s %s", x.Outcome, x.Error)
	}
	var reply pairing.Reply
	switch err := pairing.Decode(x.Body(), &reply); {
	case err != nil:
		return seen, fmt.Errorf("cannot read the reply: %w", err)
	case reply.Error != "":
		return seen, errors.New(reply.Error)
	case reply.Proven == nil:
		return seen, errors.New("the responder knows no second addresses; its version is older")
	}
	return netip.AddrPortFrom(reply.Proven.Addr().Unmap(), reply.Proven.Port()), nil
}

// secondEndpoint is an endpoint at the second address, with a connection where the
// transport needs one.
func (r *run) secondEndpoint(ctx context.Context, f *flow) (*sipprobe.Endpoint, error) {
	t := f.endpoint.Transport()
	cfg := r.endpointConfig(t)
	if t == sipprobe.UDP {
		conn, err := r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(r.cfg.SecondAddress, 0))
		if err != nil {
			return nil, err
		}
		cfg.PacketConn = conn
		return sipprobe.Start(cfg)
	}
	conn, err := network.DialFrom(ctx, r.cfg.Network, r.cfg.SecondAddress, f.peer)
	if err != nil {
		return nil, err
	}
	if t == sipprobe.TLS {
		if conn, _, err = network.Secure(ctx, conn, r.cfg.Target); err != nil {
			return nil, err
		}
	}
	return sipprobe.StartOver(conn, cfg)
}
