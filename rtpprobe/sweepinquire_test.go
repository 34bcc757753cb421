package rtpprobe_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// TestSweepAsks has a far end that can be asked while nothing answers.
func TestSweepAsks(t *testing.T) {
	nothing := func(*carried) bool { return false }
	slow := func(p *carried) bool { // media take a hundred times as long as questions
		p.delay = 250 * time.Millisecond
		return true
	}
	for name, row := range map[string]struct {
		carry    func(*carried) bool
		takes    time.Duration
		heard    int // -1 = what is true
		err      error
		open     string
		lost     string
		from, to time.Duration
	}{
		"nothing arrives":        {nothing, 5 * time.Millisecond, 0, nil, "", "10000-10039", 0, time.Second},
		"far away":               {nothing, 200 * time.Millisecond, 0, nil, "", "10000-10039", 3 * time.Second, 5 * time.Second},
		"it answers too late":    {nothing, 300 * time.Millisecond, 0, nil, "", "10000-10039", 3 * time.Second, 6 * time.Second},
		"it cannot be asked":     {nothing, 0, 0, errors.New("lost"), "", "10000-10039", 3 * time.Second, 5 * time.Second},
		"requests arrive":        {nothing, 5 * time.Millisecond, 7, nil, "", "10000-10039", 3 * time.Second, 5 * time.Second},
		"media are slow to come": {slow, 5 * time.Millisecond, -1, nil, "10000-10039", "", 0, 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := trial{network: sweepNet{carry: row.carry}, ports: "10000-10039"}
			tr.cfg.Rate = rtpprobe.MaxSweepRate
			var first time.Time
			tr.cfg.Arrived = func(ctx context.Context) (int, error) {
				if first.IsZero() {
					first = time.Now()
				}
				select {
				case <-time.After(row.takes):
				case <-ctx.Done():
					return 0, ctx.Err()
				}
				if row.heard < 0 {
					return int(max(time.Since(first)-250*time.Millisecond, 0) / time.Millisecond), nil
				}
				return row.heard, row.err
			}
			v := tr.run(t)
			if v.Open.String() != row.open || v.RequestLost.String() != row.lost || !v.ReplyLost.IsZero() {
				t.Errorf("open %v, request lost %v, reply lost %v", v.Open, v.RequestLost, v.ReplyLost)
			}
			if tr.took < row.from || tr.took > row.to {
				t.Errorf("took %v, want %v to %v", tr.took, row.from, row.to)
			}
		})
	}
}

// TestSweepJitter sweeps a path on which a few packets take much longer than all others, and some ports are dead.
func TestSweepJitter(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 2))
		tr := trial{ports: "10000-13999", network: sweepNet{carry: func(p *carried) bool {
			p.delay = time.Duration(1+random.IntN(3)) * time.Millisecond
			if random.IntN(50) == 0 {
				p.delay = time.Duration(random.IntN(300)) * time.Millisecond
			}
			return portOf(p) < 11000 || portOf(p) > 11999
		}}}
		tr.cfg.Rate = []int{876, 20_000, rtpprobe.MaxSweepRate}[seed%3]
		v := tr.run(t)
		if v.Open.String() != "10000-10999,12000-13999" || v.RequestLost.String() != "11000-11999" {
			t.Errorf("seed %d: open %v, request lost %v, inconclusive %v", seed, v.Open, v.RequestLost, v.Inconclusive)
		}
	}
}

// TestSweepHurries sweeps a lossless path that is fast, where most of a range is dead.
func TestSweepHurries(t *testing.T) {
	tr := trial{ports: "10000-17999", network: sweepNet{carry: func(p *carried) bool {
		p.delay = time.Millisecond
		return portOf(p) < 13000
	}}}
	tr.cfg.Rate, tr.cfg.MaxRate = 50_000, 50_000
	v := tr.run(t)
	if v.Open.String() != "10000-12999" || v.RequestLost.String() != "13000-17999" || tr.sent.End != rtpprobe.SweepDecided {
		t.Errorf("open %v, request lost %v, %s", v.Open, v.RequestLost, tr.sent.End)
	}
	rounds := tr.sent.Rounds
	for i := 2; i < len(rounds); i++ {
		before := rounds[i-1]
		if gap := rounds[i].StartMS - before.StartMS - before.DurationMS; gap > 5 {
			t.Errorf("round %d begins %.0f ms after the one before", i, gap)
		}
	}
	if len(rounds) < 3 {
		t.Errorf("%d rounds", len(rounds))
	}
}
