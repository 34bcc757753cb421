package gateway_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/gateway"
	"bothways/internal/network"
)

// TestAskerHurries asks a silent router twice, and then another one.
func TestAskerHurries(t *testing.T) {
	t.Parallel()
	var a gateway.Asker
	took := func(router string) time.Duration {
		start := time.Now()
		g := a.At(t.Context(), network.Host{}, netip.MustParseAddr(router))
		for _, answer := range g.Answers {
			if answer.Outcome != "silent" {
				t.Errorf("%s: %+v", router, answer)
			}
		}
		return time.Since(start)
	}
	for i, row := range []struct {
		router string
		hurry  bool
	}{{"127.0.0.97", false}, {"127.0.0.97", true}, {"127.0.0.97", true}, {"127.0.0.98", false}, {"127.0.0.97", false}} {
		if d := took(row.router); d < gateway.Hurry || (d < gateway.Patience) != row.hurry {
			t.Errorf("question %d, to %s, took %v", i+1, row.router, d)
		}
	}
}

// TestAskerRemembersWholeSilence gives up early, which says nothing of the router.
func TestAskerRemembersWholeSilence(t *testing.T) {
	t.Parallel()
	var a gateway.Asker
	router := netip.MustParseAddr("127.0.0.96")
	ctx, cancel := context.WithTimeout(t.Context(), gateway.Hurry)
	defer cancel()
	a.At(ctx, network.Host{}, router)
	start := time.Now()
	a.At(t.Context(), network.Host{}, router)
	if d := time.Since(start); d < gateway.Patience {
		t.Errorf("the second took %v", d)
	}
}
