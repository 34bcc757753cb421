package rtpprobe_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

// What a sweep concluded, in short.
type concluded struct {
	Open, RequestLost, ReplyLost, WrongPort, InUse, Inconclusive string
	Shift                                                        int
	Parity                                                       string
	Sources                                                      rtpprobe.SourcePorts
	Limited                                                      bool
	End                                                          rtpprobe.SweepEnd
}

func (tr *trial) concluded(v rtpprobe.SweepVerdict) concluded {
	c := concluded{
		v.Open.String(), v.RequestLost.String(), v.ReplyLost.String(), v.WrongPort.String(), v.InUse.String(), v.Inconclusive.String(),
		0, v.LostParity, v.SourcePorts, v.RateLimited, tr.sent.End,
	}
	if v.Shift != nil {
		c.Shift = *v.Shift
	}
	return c
}

// lossy loses a share of all packets, and what another path would.
func lossy(share float64, seed uint64, next func(p *carried) bool) func(p *carried) bool {
	random := rand.New(rand.NewPCG(seed, 1))
	return func(p *carried) bool {
		return random.Float64() >= share && (next == nil || next(p))
	}
}

// portOf is the port of the site's side.
func portOf(p *carried) uint16 {
	if p.request {
		return p.to.Port()
	}
	return p.from.Port()
}

// withPort puts another port at the site's side.
func withPort(p *carried, port uint16) bool {
	if p.request {
		p.to = netip.AddrPortFrom(p.to.Addr(), port)
	} else {
		p.from = netip.AddrPortFrom(p.from.Addr(), port)
	}
	return true
}

func TestSweepPaths(t *testing.T) {
	kept, rewritten, randomised := rtpprobe.SourcePortsPreserved, rtpprobe.SourcePortsRewritten, rtpprobe.SourcePortsRandomised
	for name, c := range map[string]struct {
		carry func(p *carried) bool
		taken map[uint16]error
		want  concluded
	}{
		"clean": {nil, nil, concluded{Open: "10000-10399", Sources: kept, End: "complete"}},
		"dead range": {func(p *carried) bool { return portOf(p) < 10150 || portOf(p) > 10190 }, nil,
			concluded{Open: "10000-10149,10191-10399", RequestLost: "10150-10190", Sources: kept, End: "decided"}},
		"single hole": {func(p *carried) bool { return portOf(p) != 10200 }, nil,
			concluded{Open: "10000-10199,10201-10399", RequestLost: "10200", Sources: kept, End: "decided"}},
		"both ends": {func(p *carried) bool { return portOf(p) != 10000 && portOf(p) != 10399 }, nil,
			concluded{Open: "10001-10398", RequestLost: "10000,10399", Sources: kept, End: "decided"}},
		"reply lost": {func(p *carried) bool { return p.request || portOf(p) != 10300 }, nil,
			concluded{Open: "10000-10299,10301-10399", ReplyLost: "10300", Sources: kept, End: "decided"}},
		"no replies": {func(p *carried) bool { return p.request }, nil,
			concluded{ReplyLost: "10000-10399", Sources: kept, End: "silent"}},
		"nothing": {func(p *carried) bool { return false }, nil,
			concluded{RequestLost: "10000-10399", End: "silent"}},
		"shifted": {func(p *carried) bool {
			if p.request {
				return withPort(p, portOf(p)+2)
			}
			return withPort(p, portOf(p)-2)
		}, nil, concluded{WrongPort: "10000-10397", RequestLost: "10398-10399", Shift: 2, Sources: kept, End: "decided"}},
		"in use": {nil, map[uint16]error{10007: syscall.EADDRINUSE, 10009: syscall.EACCES},
			concluded{Open: "10000-10006,10008,10010-10399", InUse: "10007", Inconclusive: "10009", Sources: kept, End: "complete"}},
		"rewritten": {func(p *carried) bool { return translate(p, func(local, _ uint16) uint16 { return local + 500 }) }, nil,
			concluded{Open: "10000-10399", Sources: rewritten, End: "complete"}},
		"randomised": {func(p *carried) bool { return translate(p, func(local, to uint16) uint16 { return local + to }) }, nil,
			concluded{Open: "10000-10399", Sources: randomised, End: "complete"}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := trial{ports: "10000-10399", network: sweepNet{carry: c.carry, taken: c.taken}}
			if diff := cmp.Diff(c.want, tr.concluded(tr.run(t))); diff != "" {
				t.Errorf("%s\nin %v", diff, tr.took)
			}
			ledgersSurviveJSON(t, &tr)
		})
	}
}

// translate is a NAT before the client: to is the port that the client's port is seen as.
func translate(p *carried, to func(local, port uint16) uint16) bool {
	if p.request {
		p.from = netip.AddrPortFrom(p.from.Addr(), to(p.from.Port(), p.to.Port()))
		return true
	}
	for local := uint16(40001); local < 40012; local += 3 {
		if to(local, p.from.Port()) == p.to.Port() {
			p.to = netip.AddrPortFrom(p.to.Addr(), local)
			return true
		}
	}
	return false
}

func ledgersSurviveJSON(t *testing.T, tr *trial) {
	t.Helper()
	sent, err := json.Marshal(tr.sent)
	if err != nil {
		t.Fatal(err)
	}
	arrived, err := json.Marshal(tr.arrived)
	if err != nil {
		t.Fatal(err)
	}
	var s rtpprobe.SweepSent
	var a rtpprobe.SweepArrived
	if json.Unmarshal(sent, &s) != nil || json.Unmarshal(arrived, &a) != nil {
		t.Fatal("ledgers cannot be read again")
	}
	options := []cmp.Option{cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
	if diff := cmp.Diff(tr.sent, s, options...); diff != "" {
		t.Error("sent:", diff)
	}
	if diff := cmp.Diff(tr.arrived, a, options...); diff != "" {
		t.Error("arrived:", diff)
	}
}

// TestSweepOddPorts blocks RTCP.
func TestSweepOddPorts(t *testing.T) {
	tr := trial{ports: "10000-10999", network: sweepNet{carry: func(p *carried) bool { return portOf(p)%2 == 0 }}}
	v := tr.run(t)
	if v.LostParity != "odd" || v.Open.Len() != 500 || v.RequestLost.Len() != 500 {
		t.Errorf("parity %q, %d open, %d lost, %v", v.LostParity, v.Open.Len(), v.RequestLost.Len(), tr.sent.End)
	}
}

// TestSweepRandomLoss judges no port wrong under 5 % loss each way: 20 sweeps of a sound path, and of one with a hole.
func TestSweepRandomLoss(t *testing.T) {
	for seed := range uint64(sweepSeeds) {
		for name, hole := range map[string]func(p *carried) bool{
			"":            nil,
			"12000-12099": func(p *carried) bool { return portOf(p) < 12000 || portOf(p) > 12099 },
		} {
			tr := trial{ports: "10000-20000", network: sweepNet{carry: lossy(.05, seed, hole)}}
			v := tr.run(t)
			want := portSet(t, name)
			if !v.RequestLost.Equal(want) || v.ReplyLost.Len()+v.WrongPort.Len()+v.Inconclusive.Len() > 0 || v.RateLimited || v.StoppedMS != nil {
				t.Errorf("seed %d, hole %q: %+v, lost %s, reply lost %s, open but %s, at %v\nrounds %+v", seed, name, tr.sent.End, v.RequestLost, v.ReplyLost, v.Inconclusive, tr.sent.LossAt, v.Rounds)
			}
			if testing.Verbose() {
				t.Log(seed, name, tr.took, tr.sent.Packets, len(tr.sent.Rounds))
			}
		}
	}
}

// policed passes a number of requests a second, with a bucket of a tenth of a second.
func policed(pps float64) func(p *carried) bool {
	var last time.Time
	tokens := pps / 10
	return func(p *carried) bool {
		if !p.request {
			return true
		}
		if now := time.Now(); !last.IsZero() {
			tokens = min(tokens+pps*now.Sub(last).Seconds(), pps/10)
			last = now
		} else {
			last = now
		}
		if tokens < 1 {
			return false
		}
		tokens--
		return true
	}
}

// TestSweepPoliced judges no port wrong behind a policer of 900 packets/s, however fast it starts.
func TestSweepPoliced(t *testing.T) {
	for seed := range sweepSeeds {
		rate := []int{0, 2000, 10000, 1000000}[seed%4]
		tr := trial{ports: "10000-20000", network: sweepNet{carry: policed(900)}, cfg: rtpprobe.SweepConfig{Rate: rate}}
		v := tr.run(t)
		if v.Open.Len() != 10001 || !v.RateLimited {
			t.Errorf("rate %d: %v, %d open, lost %s, inconclusive %s, at %v", rate, tr.sent.End, v.Open.Len(), v.RequestLost, v.Inconclusive, tr.sent.LossAt)
		}
		if testing.Verbose() {
			t.Log(rate, tr.took, tr.sent.Packets, len(tr.sent.Rounds), *v.PassedPPS, *v.LimitedPPS, tr.sent.LossAt)
		}
	}
}

// TestSweepBan bans the client in the middle, for good or for a while.
func TestSweepBan(t *testing.T) {
	for _, c := range []struct {
		back time.Duration
		stop bool
	}{{time.Hour, true}, {3 * time.Second, false}} {
		t.Run(fmt.Sprint(c.back), func(t *testing.T) {
			requests := 0
			var banned time.Time
			tr := trial{ports: "10000-20000", network: sweepNet{carry: func(p *carried) bool {
				if requests++; requests == 6000 {
					banned = time.Now()
				}
				return banned.IsZero() || time.Since(banned) > c.back
			}}}
			v := tr.run(t)
			if (v.StoppedMS != nil) != c.stop || v.RequestLost.Len()+v.ReplyLost.Len() > 0 || v.RateLimited {
				t.Errorf("%v, stopped %v, lost %s, reply lost %s, limited %v", tr.sent.End, v.StoppedMS, v.RequestLost, v.ReplyLost, v.RateLimited)
			}
			if !c.stop && v.Open.Len() != 10001 {
				t.Errorf("%d open, %s inconclusive", v.Open.Len(), v.Inconclusive)
			}
			t.Log(tr.took, v.Open.Len(), v.Inconclusive.Len())
		})
	}
}

// TestSweepCold holds that nothing leaves the site before something arrived, and nothing for strangers.
func TestSweepCold(t *testing.T) {
	heard := map[uint16]bool{}
	tr := trial{ports: "10000-10099", network: sweepNet{carry: func(p *carried) bool {
		if p.request {
			heard[p.to.Port()] = true
		} else if !heard[p.from.Port()] {
			t.Errorf("%v spoke first", p.from)
		}
		return true
	}}, allow: func(a netip.AddrPort) bool { return a.Port() == 40001 }}
	v := tr.run(t)
	if tr.arrived.Refused == 0 || len(tr.arrived.Sources.Mappings) != 4 {
		t.Errorf("%+v", tr.arrived)
	}
	if v.RequestLost.Len()+v.ReplyLost.Len() > 0 {
		t.Errorf("%+v", v)
	}
}

// TestSweepFewPorts decides on as few as one.
func TestSweepFewPorts(t *testing.T) {
	for _, c := range []struct{ ports, dead, open, lost string }{
		{"3090", "3090", "", "3090"}, {"3090", "1", "3090", ""}, {"80,123,1902", "123", "80,1902", "123"},
	} {
		dead := portSet(t, c.dead)
		tr := trial{ports: c.ports, network: sweepNet{carry: func(p *carried) bool { return !dead.Contains(portOf(p)) }}}
		v := tr.run(t)
		if v.Open.String() != c.open || v.RequestLost.String() != c.lost || tr.took > time.Minute {
			t.Errorf("%s: %+v after %v", c.ports, v, tr.took)
		}
		t.Log(tr.took)
	}
}

// TestSweepPrimed passes a filter that lets in what the site has sent to before.
func TestSweepPrimed(t *testing.T) {
	for _, prime := range []bool{false, true} {
		sentTo := map[[2]netip.AddrPort]bool{}
		tr := trial{ports: "10000-10199", prime: prime, network: sweepNet{carry: func(p *carried) bool {
			if !p.request {
				sentTo[[2]netip.AddrPort{p.from, p.to}] = true
			}
			return !p.request || sentTo[[2]netip.AddrPort{p.to, p.from}]
		}}}
		v := tr.run(t)
		if open := v.Open.Len(); open != map[bool]int{false: 0, true: 200}[prime] || v.RequestLost.Len() != 200-open {
			t.Errorf("primed %v: %+v", prime, v)
		}
	}
}

// TestSweepDeadline ends with the caller's context and a ledger.
func TestSweepDeadline(t *testing.T) {
	tr := trial{ports: "10000-20000", within: time.Second}
	v := tr.run(t)
	if tr.sent.End != rtpprobe.SweepCancelled || tr.took > 1100*time.Millisecond || v.Open.IsZero() || v.RequestLost.Len() > 0 {
		t.Errorf("%v after %v, %d open", tr.sent.End, tr.took, v.Open.Len())
	}
}

// TestSweepIsCompact holds the size of the ledgers of all outbound ports of a sound path.
func TestSweepIsCompact(t *testing.T) {
	tr := trial{ports: sweepAll, cfg: rtpprobe.SweepConfig{Rate: rtpprobe.MaxSweepRate}}
	v := tr.run(t)
	sent, _ := json.Marshal(tr.sent)
	arrived, _ := json.Marshal(tr.arrived)
	verdict, _ := json.Marshal(v)
	if len(sent) > 2000 || len(arrived) > 2000 || len(verdict) > 2000 || !v.Open.Equal(portSet(t, sweepAll)) {
		t.Errorf("%d, %d and %d bytes, %d open, %v\n%s\n%s", len(sent), len(arrived), len(verdict), v.Open.Len(), tr.sent.End, sent, arrived)
	}
	t.Log(len(sent), len(arrived), len(verdict), tr.took)
}
