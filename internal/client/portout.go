package client

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/knock"
	"bothways/internal/pairing"
)

// knockTimeout is for the knocks at a whole list that does not answer.
const knockTimeout = 90 * time.Second

// outbound hangs bells at this end's ports, and has the responder knock at them.
func (p *ports) outbound(ctx context.Context) error {
	if err := p.unreachable(); err != nil {
		return err
	}
	ringing, cancel := context.WithCancel(ctx)
	defer cancel()
	hung := pairing.PortList{ID: p.list.ID}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var heard []knock.Heard
	enter := func(h knock.Heard) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, h)
	}
	for _, c := range p.checks {
		if p.holds(knock.Transport(c.Transport), c.Port.Number) {
			c.Skipped = ownPort("client")
		}
	}
	cfg := knock.BellConfig{Terms: p.terms(), Allow: p.maySend}
	for _, t := range []knock.Transport{knock.TCP, knock.UDP} {
		for _, port := range p.list.Of(t) {
			at := netip.AddrPortFrom(p.local, port)
			if p.holds(t, port) {
				continue
			}
			ring, err := knock.Hang(ringing, p.cfg.Network, t, at)
			if err != nil {
				enter(knock.NotHung(t, at, knock.FaultOf(err), err))
				continue
			}
			hung.Add(t, port)
			wg.Go(func() { enter(ring(ringing, cfg)) })
		}
	}
	knocked, err := p.knockOut(ctx, hung)
	cancel()
	wg.Wait()
	p.enter(heard, knocked, err)
	return nil
}

// knockOut has the responder knock where bells hang, and waits for its ledgers.
func (p *ports) knockOut(ctx context.Context, hung pairing.PortList) ([]knock.Knocked, error) {
	if hung.Len() == 0 {
		return nil, nil
	}
	if _, err := p.order(ctx, pairing.PortOrder{Knock: &hung}); err != nil {
		return nil, err
	}
	ctx, cancel := lastWords(ctx, knockTimeout)
	defer cancel()
	rec, err := p.link.FetchPorts(ctx, hung.ID)
	return rec.Knocked, err
}
