package gateway

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
)

// What an Asker does with a router that kept silent.
const (
	// Hurry is how long a protocol has in which the router has kept silent before: time for a question and its
	// answer, not for a second question.
	Hurry = 250 * time.Millisecond
	// forget is for how long that is remembered.
	forget = 10 * time.Minute
)

// An Asker asks again and again, and waits less for what the router does not speak. The zero value is ready.
type Asker struct {
	mu     sync.Mutex // guards all below
	router netip.Addr
	silent [len(protocols)]time.Time // when a full [Patience] passed in silence
}

// protocols are those that a router is asked in.
var protocols = [...]evidence.GatewayProtocol{evidence.NATPMP, evidence.UPnP}

// Ask asks the default router of the network, as the function of that name does.
func (a *Asker) Ask(ctx context.Context, n network.Network) evidence.Gateway {
	router, err := network.Router(n)
	if err != nil {
		return evidence.Gateway{Error: err.Error()}
	}
	return a.At(ctx, n, router)
}

// At asks a router that is known.
func (a *Asker) At(ctx context.Context, n network.Network, router netip.Addr) evidence.Gateway {
	patience := a.patience(router)
	g := at(ctx, n, router, patience)
	if ctx.Err() == nil {
		a.note(g, patience)
	}
	return g
}

func (a *Asker) patience(router netip.Addr) (p [len(protocols)]time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range p {
		p[i] = Patience
		if a.router == router && !a.silent[i].IsZero() && time.Since(a.silent[i]) < forget {
			p[i] = Hurry
		}
	}
	return p
}

func (a *Asker) note(g evidence.Gateway, patience [len(protocols)]time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.router != g.Address {
		a.router, a.silent = g.Address, [len(protocols)]time.Time{}
	}
	for i := range a.silent { // PCP, which may follow, is asked of those that have answered
		switch {
		case g.Answers[i].Outcome != "silent":
			a.silent[i] = time.Time{}
		case patience[i] == Patience:
			a.silent[i] = time.Now()
		}
	}
}
