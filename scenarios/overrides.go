package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Overrides change every check of a scenario that they concern; a zero field changes
// nothing.
type Overrides struct {
	// Talk is how long each side talks in a call. Calls in which more happens than talk
	// keep their times.
	Talk time.Duration
	// Pause is how long both sides of a call fall silent halfway through.
	Pause time.Duration
	// RatePPS is the pace at which sweeps start, in probes a second, and ProbeBytes
	// the UDP payload of their probes.
	RatePPS    int
	ProbeBytes int
	// SweepSample is how many ports of each range of a sweep are tried: some at either end,
	// and some in the middle; 0 = all.
	SweepSample int
	// Long adds the checks of the scenario "long" that are not there already.
	Long bool
}

// With returns a changed copy of the scenario, or says what is wrong with the changes.
func (s Scenario) With(o Overrides) (Scenario, error) {
	if o.Talk != 0 {
		if err := CheckTalk(o.Talk); err != nil {
			return s, err
		}
	}
	if o.Pause != 0 {
		if err := checkPause(o.Pause); err != nil {
			return s, err
		}
	}
	if err := CheckSweep(Sweep{Ports: DefaultInboundPorts, RatePPS: o.RatePPS, ProbeBytes: o.ProbeBytes}); err != nil {
		return s, err
	}
	checks := make([]Check, len(s.Checks))
	for i, c := range s.Checks {
		checks[i] = c.with(o)
		if call := checks[i].Call; call != nil {
			if err := CheckCall(*call); err != nil {
				return s, fmt.Errorf("check %s: %w", c.ID, err)
			}
		}
	}
	s.Checks = checks
	if o.Long {
		return s.lengthened()
	}
	return s, nil
}

// lengthened adds the checks that take long.
func (s Scenario) lengthened() (Scenario, error) {
	long, err := Named("long")
	if err != nil {
		return s, err
	}
	for _, c := range long.Checks {
		if !slices.ContainsFunc(s.Checks, func(have Check) bool { return have.ID == c.ID }) {
			s.Checks = append(s.Checks, c)
		}
	}
	return s, nil
}

func (c Check) with(o Overrides) Check {
	if c.Call != nil {
		call := *c.Call
		if o.Talk != 0 && !call.Lively() {
			call.TalkMs = int(o.Talk.Milliseconds())
		}
		if o.Pause != 0 && !call.Lively() {
			call.PauseMs = int(o.Pause.Milliseconds())
		}
		c.Call = &call
	}
	if c.Sweep != nil {
		sweep := *c.Sweep
		if o.RatePPS != 0 {
			sweep.RatePPS = o.RatePPS
		}
		if o.ProbeBytes != 0 {
			sweep.ProbeBytes = o.ProbeBytes
		}
		sweep.Ports = sampled(sweep.Ports, o.SweepSample)
		c.Sweep = &sweep
	}
	return c
}

// sampled keeps about n ports of each range, 0 = all, that are even in number: RTP and RTCP
// alike.
func sampled(ports string, n int) string {
	part := uint64(n/6) * 2
	if part == 0 {
		return ports
	}
	var out []string
	for r := range strings.SplitSeq(ports, ",") {
		first, last, _ := strings.Cut(r, "-")
		from, _ := portOf(first)
		to, ok := portOf(last)
		if !ok || to-from < 3*part {
			out = append(out, r)
			continue
		}
		for _, begin := range []uint64{from, from + (to-from)/2, to - part + 1} {
			out = append(out, fmt.Sprintf("%d-%d", begin, begin+part-1))
		}
	}
	return strings.Join(out, ",")
}
