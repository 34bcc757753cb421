package responder

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"bothways/internal/knock"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/internal/service"
)

// askHeld asks the programs that hold ports of a list what they are, where the client
// says how, and only at the address that the order reached this machine at. What they
// said is there when asked returns; that is bounded.
func (r *Responder) askHeld(s *session, addr netip.Addr, o pairing.PortOrder, bells []*ringing) (asked func() []service.Said) {
	var held []pairing.PortAsk
	for _, a := range o.Ask {
		if slices.ContainsFunc(bells, func(b *ringing) bool { return b.transport == a.Transport && b.port == a.Port && b.inUse() }) {
			held = append(held, a)
			r.lookout.watchHeld(s.tally, a.Transport, a.Port)
		}
	}
	asker := service.Asker{Dialer: r.cfg.Network, Result: network.ConnectResult, Local: netip.AddrPortFrom(addr, 0), Name: o.Name}
	said := make([]service.Said, len(held))
	var all sync.WaitGroup
	ctx, cancel := context.WithTimeout(s.ctx, service.Patience)
	for i, a := range held {
		all.Go(func() { said[i] = asker.At(ctx, a.Protocol, string(a.Transport), netip.AddrPortFrom(addr, a.Port)) })
	}
	return func() []service.Said {
		defer cancel()
		all.Wait()
		return said
	}
}

// inUse reports whether another program holds the port.
func (b *ringing) inUse() bool {
	return !b.hangs && b.heard.NotHung == knock.InUse
}
