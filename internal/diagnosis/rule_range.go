package diagnosis

import (
	"fmt"
	"slices"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// sweptShut: of an inbound sweep no request arrived, neither cold nor after the site
// had sent first.
func sweptShut(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	var shut rtpprobe.PortSet
	var notes []string
	for _, s := range v.routed() {
		if !s.dead() || s.drowned() {
			continue
		}
		shut = shut.Union(s.RequestLost)
		f.tell(s.lostAccount("dead", s.RequestLost))
		notes = append(notes, s.icmpLines(s.RequestLost)...)
		if !s.firmlyShut() {
			f.Confidence = Likely
		}
		f.values["forward"] = v.forwardOf(s, gaps(s.RequestLost, s.undecided()))
	}
	if shut.IsZero() {
		return nil
	}
	for _, c := range v.shutAt(shut) {
		f.tell(coldAccount(c))
	}
	f.concerns(v.deadAt(shut)...)
	how := v.gotIn()
	if how == "" {
		f.Confidence = Likely
		how = fmt.Sprintf("No other UDP of the client is known to have reached the site in this run; the responder was alive and answered over %s.", v.working())
	}
	return f.foundWith(append(notes, how)...)
}

// firmlyShut reports whether the ports were tried primed as well, and nothing else
// arrived at them either.
func (s sweep) firmlyShut() bool {
	return s.primed != nil && !s.primed.RequestLost.IsZero() && s.primed.Inconclusive.IsZero() && s.facts.Arrived.Foreign == 0
}

// partlyForwarded: some ports arrive, and others never do, in ranges.
func partlyForwarded(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	var notes []string
	for _, s := range v.routed() {
		_, _, rest := s.lostByParity()
		holes := gaps(rest, s.undecided())
		if s.dead() || holes.IsZero() || scattered(holes) {
			continue
		}
		f.tell(s.lostAccount("partly", rest))
		f.concerns(slices.Concat(v.shutAt(rest), v.deadAt(rest))...)
		notes = append(notes, s.others()...)
		notes = append(notes, s.icmpLines(rest)...)
		note, all := s.ofProviders(holes)
		if notes = append(notes, note...); all {
			f.Confidence = Likely
		}
		f.values["forward"], f.values["gaps"] = v.forwardOf(s, holes), ": "+portWords(holes, maxRangesInRow)
	}
	return f.foundWith(notes...)
}

// others are the control of a gap: ports beside it that passed.
func (s sweep) others() []string {
	n := s.arrived().Len()
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s passed in the same sweep, tried in the same random order%s.", s.check.ID, amount(n, "other port"), s.stable())}
}

// stable says that the gaps stayed where they are, where ports were tried again.
func (s sweep) stable() string {
	if s.Attempts < 2 {
		return ""
	}
	return "; the edges were the same at every attempt"
}

// oneParity: ports of one parity arrive and those of the other do not.
func oneParity(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	var notes []string
	for _, s := range v.routed() {
		which, single, _ := s.lostByParity()
		if which == "" {
			continue
		}
		f.tell(s.lostAccount("parity", single))
		notes = append(notes, s.others()...)
		notes = append(notes, s.icmpLines(single)...)
		f.values["parity"], f.values["kind"] = "Odd", "RTCP"
		if which == "even" {
			f.values["parity"], f.values["kind"] = "Even", "RTP"
		}
		f.values["forward"] = v.forwardOf(s, gaps(single.Union(s.arrived()), s.all))
	}
	return f.foundWith(notes...)
}

func (s sweep) lostByParity() (which string, single, rest rtpprobe.PortSet) {
	return byParity(s.barred(), s.decided().Minus(s.woken))
}

// shiftsPorts: probes arrive on another port than they were meant for.
func shiftsPorts(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	for _, s := range v.swept(scenarios.Inbound) {
		if s.WrongPort.IsZero() {
			continue
		}
		far := "by different distances"
		if s.Shift != nil {
			far = fmt.Sprintf("by %+d", *s.Shift)
			f.values["shift"] = ", off " + far
		}
		a := account{check: s.check.ID, kind: "shift" + far, short: sized(s.WrongPort)}
		a.long = fmt.Sprintf("probes that were sent to %s of %s arrived on other ports, %s%s",
			sized(s.WrongPort), s.facts.Sent.Remote, far, example(s.shifts()))
		f.tell(a)
		aside := s.WrongPort.Union(s.shiftedAway())
		f.concerns(slices.Concat(v.shutAt(aside), v.deadAt(aside))...)
		f.values["forward"] = v.forwardOf(s, gaps(s.WrongPort.Union(s.shiftedAway()), s.undecided()))
	}
	return append(f.foundWith(), knockedAside(v)...)
}

// example is one port of the largest shift: "; what was sent to 10000 arrived on 10002".
func example(shifts []rtpprobe.PortShift) string {
	for _, s := range shifts {
		if r := s.Ports.Ranges(); s.By != 0 && len(r) > 0 {
			return fmt.Sprintf(": what was sent to %d arrived on %d", r[0].From, int(r[0].From)+s.By)
		}
	}
	return ""
}

// untilPrimed: ports that are lost cold pass once the site has sent first.
func untilPrimed(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	for _, s := range v.routed() {
		ports := s.woken
		if ports.IsZero() {
			continue
		}
		a := s.lostAccount("primed", ports)
		passing, all := s.tried(ports)
		a.long += fmt.Sprintf("; %s were tried again after it had sent to the client from them, and %s passed", grouped(all), grouped(passing))
		f.tell(a)
		f.Checks = append(f.Checks, ids(v.shutAt(ports))...)
		f.values["forward"] = v.forwardOf(s, gaps(ports, s.undecided()))
	}
	return f.foundWith()
}

// primeNeeds: ports failed cold, and were not tried primed.
func primeNeeds(v *view) string {
	for _, s := range v.swept(scenarios.Inbound) {
		if !s.barred().IsZero() && s.primed == nil {
			return "the ports that failed once more, after the site has sent from them (" + s.check.ID + ")"
		}
	}
	return inboundNeeds(v)
}

// inboundNeeds: no sweep shows what the site lets in.
func inboundNeeds(v *view) string {
	return v.sweepNeeds(scenarios.Inbound, "a sweep of the RTP range, inbound, recorded at both ends, as in the scenarios ports and rtp-range")
}

func (v *view) sweepNeeds(d scenarios.Direction, what string) string {
	for _, s := range v.swept(d) {
		if !s.decided().IsZero() {
			return ""
		}
	}
	return what
}
