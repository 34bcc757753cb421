package scenarios

import (
	"fmt"
	"time"
)

// LoadKind holds many two-way calls at once. Checks of this kind are made by
// [ManyCalls], for the command load; scenario files have none.
const LoadKind Kind = "load"

// A LoadTest says how many two-way calls are held at once, to find the limits of a site's
// state table and of its line. All are alike.
type LoadTest struct {
	// Calls is how many.
	Calls int `json:"calls"`
	// RateCPS is how many are set up in a second, and ended in a second.
	RateCPS int `json:"rate_cps"`
	// HoldMs is how long all of them are up together, in milliseconds.
	HoldMs int `json:"hold_ms"`
	// Call is what each of them does. Its talk time is that of setting all of them up,
	// and HoldMs.
	Call Call `json:"call"`
}

// Bounds and defaults of a load.
const (
	MaxLoadCalls, DefaultLoadCalls = 2000, 100
	MaxLoadCPS, DefaultLoadCPS     = 200, 20
	MaxLoadHold, DefaultLoadHold   = 5 * time.Minute, 10 * time.Second
)

// Setup is how long it takes to set all calls up.
func (l LoadTest) Setup() time.Duration {
	return time.Duration(l.Calls) * time.Second / time.Duration(max(l.RateCPS, 1))
}

// Interval is the time between the starts of two calls.
func (l LoadTest) Interval() time.Duration { return time.Second / time.Duration(max(l.RateCPS, 1)) }

// Length is how long the whole load takes, from the first call to the end of the last.
func (l LoadTest) Length() time.Duration { return l.Setup() + l.Call.Talk() }

// CheckLoad says what is wrong with a load, nil when nothing is.
func CheckLoad(l LoadTest) error {
	switch {
	case l.Calls < 1 || l.Calls > MaxLoadCalls:
		return fmt.Errorf("calls: %d is not between 1 and %d", l.Calls, MaxLoadCalls)
	case l.RateCPS < 1 || l.RateCPS > MaxLoadCPS:
		return fmt.Errorf("rate: %d calls a second is not between 1 and %d", l.RateCPS, MaxLoadCPS)
	}
	hold := time.Duration(l.HoldMs) * time.Millisecond
	if hold < time.Second || hold > MaxLoadHold {
		return fmt.Errorf("talk: %v is not between 1s and %v", hold, MaxLoadHold)
	}
	if l.Setup()+hold > MaxTalk {
		return fmt.Errorf("%d calls at %d a second, held for %v, take longer than %v", l.Calls, l.RateCPS, hold, MaxTalk)
	}
	if l.Call.Talk() != l.Setup()+hold || l.Call.PauseMs != 0 {
		return fmt.Errorf("each call lasts %v, and has no pause", l.Setup()+hold)
	}
	return nil
}

// ManyCalls is the scenario of the command load: one check that holds calls of G.711
// as a provider's trunk makes them, over a transport and in a direction.
func ManyCalls(calls, cps int, hold time.Duration, t Transport, d Direction) (Scenario, error) {
	l := LoadTest{Calls: calls, RateCPS: cps, HoldMs: int(hold.Milliseconds())}
	side := Behaviour{MediaAddress: PublicAddress, Latch: LatchNever, Rport: true, Audio: ToneAudio}
	l.Call = Call{Codec: "pcmu", Client: side, Responder: side, MaxLossPercent: DefaultMaxLossPercent}
	l.Call.Responder.Latch = LatchFirstPacket
	l.Call.TalkMs = int(l.Setup().Milliseconds()) + l.HoldMs
	if err := CheckLoad(l); err != nil {
		return Scenario{}, err
	}
	way := "in"
	if d == Outbound {
		way = "out"
	}
	check := Check{ID: "load-" + way + "-" + string(t), Kind: LoadKind, Direction: d, Transport: t, Load: &l}
	return Scenario{Name: "load", Title: fmt.Sprintf("%d two-way calls at once", calls), Checks: []Check{check}}, nil
}
