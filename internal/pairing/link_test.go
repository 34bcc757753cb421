package pairing_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/internal/pairing"
	"bothways/sipprobe"
)

const (
	site  = "192.0.2.1:5060"
	site2 = "192.0.2.2:5060"
	here  = "198.51.100.1:40000"
)

// linked runs a test in a bubble, with a link over one path to each responder.
func linked(t *testing.T, reply func(pairing.Order) pairing.Reply, test func(*testing.T, *memNet, *pairing.Link)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &memNet{conns: make(map[netip.AddrPort]*memConn)}
		first, second, e := m.responderAt(t, site, reply), m.responderAt(t, site2, reply), m.endpoint(t, here, nil)
		var paths []pairing.Path
		for _, peer := range []*sipprobe.Endpoint{first, second} {
			paths = append(paths, pairing.Path{Endpoint: e, Target: sipprobe.Target{Peer: peer.Local()}})
		}
		defer func() {
			for _, e := range []*sipprobe.Endpoint{e, first, second} {
				e.Close()
			}
			<-time.After(5 * time.Minute) // of the bubble: every timer of a transaction has ended
		}()
		test(t, m, pairing.NewLink("abc", paths))
	})
}

func yes(pairing.Order) pairing.Reply { return pairing.Reply{} }

func TestLinkSurvivesLoss(t *testing.T) {
	linked(t, yes, func(t *testing.T, m *memNet, l *pairing.Link) {
		m.lose = func(_, _ netip.AddrPort, n int) bool { return n%3 == 0 }
		for range 20 {
			if _, err := l.Do(t.Context(), pairing.Order{}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestLinkMovesOn(t *testing.T) {
	linked(t, yes, func(t *testing.T, m *memNet, l *pairing.Link) {
		m.lose = func(from, to netip.AddrPort, _ int) bool { return from.String() == site || to.String() == site }
		for i := range 3 {
			start := time.Now()
			if _, err := l.Do(t.Context(), pairing.Order{}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); i == 0 && took != 2*time.Second || i > 0 && took != 0 {
				t.Errorf("order %d took %v", i, took)
			}
		}
		if lost := l.Lost(); len(lost) != 1 || lost[0].Transport != sipprobe.UDP || lost[0].Error == "" {
			t.Errorf("%+v", lost)
		}
	})
}

func TestLinkIsLost(t *testing.T) {
	linked(t, yes, func(t *testing.T, m *memNet, l *pairing.Link) {
		m.lose = func(netip.AddrPort, netip.AddrPort, int) bool { return true }
		start := time.Now()
		err := l.KeepAlive(t.Context())
		if !errors.Is(err, pairing.ErrLost) {
			t.Errorf("err = %v", err)
		}
		if took := time.Since(start) - pairing.KeepAlive; took > pairing.Lease {
			t.Errorf("known after %v", took)
		}
		start = time.Now()
		if _, err := l.Do(t.Context(), pairing.Order{}); !errors.Is(err, pairing.ErrLost) || time.Since(start) != 0 {
			t.Errorf("a dead link: %v after %v", err, time.Since(start))
		}
	})
}

func TestLinkEndsWithItsContext(t *testing.T) {
	linked(t, yes, func(t *testing.T, m *memNet, l *pairing.Link) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := l.KeepAlive(ctx); err != nil {
			t.Errorf("KeepAlive: %v", err)
		}
		if _, err := l.Do(ctx, pairing.Order{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Do: %v", err)
		}
		if len(l.Lost()) != 0 {
			t.Errorf("%+v", l.Lost())
		}
	})
}

func TestConnectGoesFirst(t *testing.T) {
	linked(t, yes, func(t *testing.T, m *memNet, _ *pairing.Link) {
		e := m.endpoint(t, "198.51.100.1:40001", nil)
		defer e.Close()
		calls := 0
		path := pairing.Path{Endpoint: e, Target: sipprobe.Target{Peer: netip.MustParseAddrPort(site)},
			Connect: func(context.Context) error {
				if calls++; calls == 1 {
					return errors.New("refused")
				}
				return nil
			}}
		l := pairing.NewLink("abc", []pairing.Path{path})
		if _, err := l.Do(t.Context(), pairing.Order{}); err != nil {
			t.Error(err)
		}
		if lost := l.Lost(); calls != 2 || len(lost) != 1 || lost[0].Error != "refused" {
			t.Errorf("%d calls, lost %+v", calls, lost)
		}
	})
}

func TestFetch(t *testing.T) {
	want := strings.Repeat("a long record ", 100)
	packed := encoded(t, want)
	asked := 0
	reply := func(o pairing.Order) pairing.Reply {
		switch asked++; {
		case o.Fetch.Call == "never":
			return pairing.Reply{Part: &pairing.Part{Absent: true}}
		case o.Fetch.Call == "refused":
			return pairing.Reply{Error: "not for you"}
		case o.Fetch.Call == "empty":
			return pairing.Reply{}
		case o.Fetch.Call == "later" && asked < 5:
			return pairing.Reply{Part: &pairing.Part{}}
		}
		rest := packed[o.Fetch.Offset:]
		return pairing.Reply{Part: &pairing.Part{Ready: true, Total: len(packed), Data: rest[:min(10, len(rest))]}}
	}
	for _, row := range []struct{ call, want, err string }{
		{"", want, ""}, {"later", want, ""}, {"never", "", "no record"}, {"refused", "", "not for you"}, {"empty", "", "no part"},
	} {
		t.Run(row.call, func(t *testing.T) {
			asked = 0
			linked(t, reply, func(t *testing.T, m *memNet, l *pairing.Link) {
				var got string
				err := l.Fetch(t.Context(), row.call, &got)
				if got != row.want || (err == nil) != (row.err == "") || err != nil && !strings.Contains(err.Error(), row.err) {
					t.Errorf("got %.20q, err = %v", got, err)
				}
			})
		})
	}
}
