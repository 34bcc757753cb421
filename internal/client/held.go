package client

import (
	"context"
	"net/netip"
	"sync"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/internal/service"
)

// hang is the order for the bells, with what is spoken at ports where none can hang.
func (p *ports) hang() pairing.PortOrder {
	o := pairing.PortOrder{Hang: &p.list}
	for _, c := range p.checks {
		if c.Port.Speaks != "" {
			o.Ask = append(o.Ask, pairing.PortAsk{Transport: knock.Transport(c.Transport), Port: c.Port.Number, Protocol: service.Protocol(c.Port.Speaks)})
			o.Name = p.cfg.askedFor()
		}
	}
	return o
}

// askedFor is the host that services are asked for.
func (c Config) askedFor() string {
	if service.CheckName(c.Target) == nil {
		return c.Target
	}
	return c.Address.String()
}

// askHeld asks the programs that hold ports of the responder's machine, from outside;
// said is what they said to the responder.
func (p *ports) askHeld(ctx context.Context, said []service.Said) {
	asker := service.Asker{
		Dialer: p.cfg.Network, Result: network.ConnectResult, Local: netip.AddrPortFrom(p.local, 0), Name: p.cfg.askedFor(),
	}
	room := make(chan struct{}, pairing.PortsAtOnce)
	var all sync.WaitGroup
	for _, c := range p.checks {
		f := c.PortFacts
		if !heldByOther(f) || c.Port.Speaks == "" {
			continue
		}
		f.Inside = saidAt(said, c)
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			out := asker.At(ctx, service.Protocol(c.Port.Speaks), string(c.Transport), netip.AddrPortFrom(p.cfg.Address, c.Port.Number))
			if ctx.Err() == nil { // else nobody waited for it
				f.Outside = &out
			}
		})
	}
	all.Wait()
}

func heldByOther(f *evidence.PortFacts) bool {
	return f != nil && f.Heard != nil && f.Heard.NotHung == knock.InUse
}

func saidAt(said []service.Said, c *evidence.Check) *service.Said {
	for _, s := range said {
		if s.Transport == string(c.Transport) && s.Remote.Port() == c.Port.Number {
			return &s
		}
	}
	return nil
}
