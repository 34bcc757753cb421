package rtpprobe_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

// A ledgerRound is a round of a made-up sweep of 1000-1999: what was sent, arrived and came back, and of
// 500 controls.
type ledgerRound struct {
	sent, arrived, echoed           string
	controls, controlsAt, controlsB int64
}

func ledgers(t *testing.T, rounds ...ledgerRound) (rtpprobe.SweepSent, rtpprobe.SweepArrived) {
	t.Helper()
	sent := rtpprobe.SweepSent{Ports: portSet(t, "1000-1999")}
	arrived := rtpprobe.SweepArrived{Listened: sent.Ports}
	for i, r := range rounds {
		sent.Rounds = append(sent.Rounds, rtpprobe.SentRound{
			Round: uint8(i), Ports: portSet(t, r.sent), Echoed: portSet(t, r.echoed), Controls: r.controls, ControlsEchoed: r.controlsB,
		})
		arrived.Rounds = append(arrived.Rounds, rtpprobe.ArrivedRound{Round: uint8(i), Ports: portSet(t, r.arrived), Controls: r.controlsAt})
	}
	return sent, arrived
}

// TestJudgeNeedsEnough attempts: a hole is named once random loss cannot explain it, and not before.
func TestJudgeNeedsEnough(t *testing.T) {
	first := ledgerRound{"1000-1999", "1000-1499,1501-1999", "1000-1499,1501-1999", 60, 60, 60}
	clean := ledgerRound{"1500", "", "", 500, 500, 500}
	lossy := ledgerRound{"1500", "", "", 500, 250, 250}
	late := ledgerRound{"1500", "1500", "1500", 500, 500, 500}
	half := ledgerRound{"1500", "1500", "", 500, 500, 500}
	for name, c := range map[string]struct {
		rounds                       []ledgerRound
		lost, replyLost, undecidable string
	}{
		"one attempt":    {[]ledgerRound{first}, "", "", "1500"},
		"two":            {[]ledgerRound{first, clean}, "", "", "1500"},
		"six":            {[]ledgerRound{first, clean, clean, clean, clean, clean}, "1500", "", ""},
		"half is lost":   {[]ledgerRound{first, lossy, lossy, lossy, lossy, lossy}, "", "", "1500"},
		"arrives late":   {[]ledgerRound{first, clean, clean, clean, late}, "", "", ""},
		"no reply, once": {[]ledgerRound{first, half}, "", "", "1500"},
		"no reply":       {[]ledgerRound{first, half, half, half, half, half, half}, "", "1500", ""},
	} {
		v := rtpprobe.JudgeSweep(ledgers(t, c.rounds...))
		got := [...]string{v.RequestLost.String(), v.ReplyLost.String(), v.Inconclusive.String()}
		if diff := cmp.Diff([...]string{c.lost, c.replyLost, c.undecidable}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestJudgeIsFair draws ledgers of paths with loss from 0 to 60 % and no fault at all: no port is ever called lost.
func TestJudgeIsFair(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 9))
		there, back := random.Float64()*.6, random.Float64()*.6
		passes := func(loss float64) bool { return random.Float64() >= loss }
		sent := rtpprobe.SweepSent{Ports: portSet(t, "1000-2999")}
		arrived := rtpprobe.SweepArrived{Listened: sent.Ports}
		missing := sent.Ports
		for round := range uint8(1 + random.IntN(16)) {
			s := rtpprobe.SentRound{Round: round, Ports: missing, Controls: 100 + int64(random.IntN(400))}
			a := rtpprobe.ArrivedRound{Round: round}
			for port := range missing.All() {
				if passes(there) {
					a.Ports.Add(port)
					if passes(back) {
						s.Echoed.Add(port)
					}
				}
			}
			for range s.Controls {
				if passes(there) {
					a.Controls++
					if passes(back) {
						s.ControlsEchoed++
					}
				}
			}
			missing = missing.Minus(s.Echoed)
			sent.Rounds, arrived.Rounds = append(sent.Rounds, s), append(arrived.Rounds, a)
		}
		if v := rtpprobe.JudgeSweep(sent, arrived); v.RequestLost.Len()+v.ReplyLost.Len() > 0 {
			t.Errorf("seed %d, %.2f and %.2f, %d rounds: lost %s, reply lost %s", seed, there, back, len(sent.Rounds), v.RequestLost, v.ReplyLost)
		}
	}
}

// TestJudgeExcuses ports for faults of the machines at the ends.
func TestJudgeExcuses(t *testing.T) {
	clean := ledgerRound{"1500-1503", "", "", 500, 500, 500}
	first := ledgerRound{"1000-1999", "1000-1499,1504-1999", "1000-1499,1504-1999", 60, 60, 60}
	sent, arrived := ledgers(t, first, clean, clean, clean, clean, clean)
	n := int64(1)
	arrived.LocalDrops, arrived.DroppedOn = &n, portSet(t, "1500")
	arrived.Listened.Remove(1501)
	arrived.Listened.Remove(1502)
	arrived.InUse = portSet(t, "1502")
	v := rtpprobe.JudgeSweep(sent, arrived)
	got := [...]string{v.RequestLost.String(), v.Inconclusive.String(), v.NotListened.String(), v.InUse.String(), fmt.Sprint(v.LocalFault)}
	want := [...]string{"1503", "1500-1501", "1501", "1502", "true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestJudgeWindows joins two windows, each with a hole of its own.
func TestJudgeWindows(t *testing.T) {
	window := func(number uint8, ports, hole string) (rtpprobe.SweepSent, rtpprobe.SweepArrived) {
		all, gap := portSet(t, ports), portSet(t, hole)
		trip := 5.0
		s := rtpprobe.SweepSent{Ports: all, DurationMS: 100, RoundTripMS: &trip, LossAt: []rtpprobe.RateLoss{{RatePPS: 100, Sent: 9}}}
		a := rtpprobe.SweepArrived{Listened: all}
		for round := range uint8(6) {
			tried := gap
			if round == 0 {
				tried = all
			}
			s.Rounds = append(s.Rounds, rtpprobe.SentRound{Window: number, Round: round, Ports: tried, Echoed: tried.Minus(gap), Controls: 500, ControlsEchoed: 500})
			a.Rounds = append(a.Rounds, rtpprobe.ArrivedRound{Window: number, Round: round, Ports: tried.Minus(gap), Controls: 500})
		}
		return s, a
	}
	var sent rtpprobe.SweepSent
	var arrived rtpprobe.SweepArrived
	for i, ports := range []string{"1000-1999", "2000-2999"} {
		s, a := window(uint8(i), ports, []string{"1999", "2000-2009"}[i])
		sent.Join(s)
		arrived.Join(a)
	}
	v := rtpprobe.JudgeSweep(sent, arrived)
	if v.RequestLost.String() != "1999-2009" || v.Open.String() != "1000-1998,2010-2999" || v.Attempts != 6 || sent.DurationMS != 200 || sent.LossAt[0].Sent != 18 {
		t.Errorf("%+v\n%+v", v, sent)
	}
	if v.Open.Len()+v.RequestLost.Len() != sent.Ports.Len() {
		t.Error("ports are missing")
	}
}

// TestSweepLocal deals the ports to local sockets by no rule that a filter could match.
func TestSweepLocal(t *testing.T) {
	s := rtpprobe.SweepSent{Locals: []uint16{10000, 10002, 10004, 10006}}
	counts := map[string]int{}
	for port := range uint16(4000) {
		counts[fmt.Sprint(port%2, s.Local(port, 0))]++
		if s.Local(port, 0) == s.Local(port, 1) {
			t.Fatalf("port %d is tried from one socket only", port)
		}
	}
	for key, n := range counts {
		if n < 400 || n > 600 || len(counts) != 8 {
			t.Errorf("%s: %d of 4000", key, n)
		}
	}
}
