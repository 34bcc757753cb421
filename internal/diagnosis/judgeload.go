package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
)

// judgeLoad judges many calls at once: all of them must be set up, and carry audio both
// ways with no more loss than one call may have. Where this machine or the responder's
// was too slow, loss says nothing about the site.
func (v *view) judgeLoad(out *CheckVerdict, l load) {
	out.Load = l.measured()
	m := out.Load
	if fault := l.fault(); fault != "" {
		out.Verdict, out.Summary = Inconclusive, "not done for a local reason: "+fault
		return
	}
	if !l.complete() || m.SetUp == nil || m.Placed == 0 {
		out.Verdict, out.Summary = Inconclusive, fmt.Sprintf("%s placed, but a record is missing%s", count(m.Placed, "call"), because(l.facts.Missing))
		return
	}
	ways := []*LoadWay{m.Inbound, m.Outbound}
	out.Verdict = Pass
	for _, w := range ways {
		switch {
		case w.Dead > 0:
			out.Verdict = Fail
		case w.Poor > 0 && out.Verdict == Pass:
			out.Verdict = Degraded
		}
	}
	if *m.SetUp < m.Placed || m.Placed < m.Calls {
		out.Verdict = Fail
	}
	late := m.Inbound.late(maxLatenessUs) || m.Outbound.late(maxLatenessUs)
	if out.Verdict != Pass && l.ownFault(m) || out.Verdict == Degraded && late {
		out.Verdict = Inconclusive
	}
	out.Summary = strings.Join(l.parts(m), "; ")
}

// fault is why an end could not begin, empty when it could.
func (l load) fault() string {
	for _, end := range []*evidence.LoadEnd{l.facts.Client, l.facts.Responder} {
		if end != nil && end.Fault != "" {
			return end.Fault
		}
	}
	return ""
}

// ownFault reports whether one of the two machines explains what went wrong: a call that
// it could not do its part of, or packets that it did not take or had no room for.
func (l load) ownFault(m *Load) bool {
	for _, end := range []*evidence.LoadEnd{l.facts.Client, l.facts.Responder} {
		for _, c := range end.Calls {
			if c.Fault != "" {
				return true
			}
		}
	}
	return m.Inbound.ownFault() || m.Outbound.ownFault()
}

// ownFault reports whether the machines at the ends explain at least half of the loss.
func (w *LoadWay) ownFault() bool {
	own := w.SendErrorPackets
	if w.BufferDropPackets != nil {
		own += *w.BufferDropPackets
	}
	lost := max(w.SentPackets-w.ReceivedPackets, 0) + w.SendErrorPackets
	return own > 0 && 2*own >= lost
}

// late reports whether one packet in a hundred left later than so many microseconds:
// what is held back so long leaves in bursts, which a path may well drop.
func (w *LoadWay) late(us float64) bool {
	return w.LatenessP99Ms != nil && w.SentPackets >= lateOf && *w.LatenessP99Ms*1000 > us
}

// parts are the summary of a load.
func (l load) parts(m *Load) []string {
	in, outward := m.Inbound, m.Outbound
	parts := []string{fmt.Sprintf("%d of %s set up, %d at once", *m.SetUp, count(m.Calls, "call"), m.Together)}
	if m.FirstNotSetUp != nil {
		parts = append(parts, fmt.Sprintf("the first that was not is call %d (%s)", *m.FirstNotSetUp, l.refusal(*m.FirstNotSetUp)))
	}
	if l.caller.Stopped != "" {
		parts = append(parts, fmt.Sprintf("no more were placed after call %d: %s", m.Placed, l.caller.Stopped))
	}
	parts = append(parts, in.troubles("inside")...)
	parts = append(parts, outward.troubles("outside")...)
	parts = append(parts,
		fmt.Sprintf("lost %s in, %s out", percent(in.LostPercent), percent(outward.LostPercent)),
		fmt.Sprintf("at most %d / %d packets/s, %.1f / %.1f Mbit/s", in.PeakPPS, outward.PeakPPS, in.PeakKbps/1000, outward.PeakKbps/1000),
		fmt.Sprintf("jitter %s / %s ms", number(in.JitterMs), number(outward.JitterMs)),
		fmt.Sprintf("the senders themselves were late by %s / %s ms (p99)", number(in.LatenessP99Ms), number(outward.LatenessP99Ms)))
	if m.SetupMs != nil {
		parts = append(parts, fmt.Sprintf("set up in %s, 95 %% within %s", millis(*m.SetupMs), millis(*m.SetupP95Ms)))
	}
	return parts
}

// refusal is how the INVITE of a call ended.
func (l load) refusal(number int) string {
	c := l.callers[number]
	switch {
	case c == nil:
		return "not placed"
	case c.Fault != "":
		return c.Fault
	case c.Established:
		return "answered, but its ACK did not arrive"
	case c.Status != 0:
		return fmt.Sprintf("status %d", c.Status)
	}
	return c.Outcome
}

// troubles say what was wrong with the audio of a direction, and from where on.
func (w *LoadWay) troubles(who string) []string {
	var out []string
	if w.Dead > 0 {
		out = append(out, fmt.Sprintf("%s hears nothing in %s, the first is call %d", who, count(w.Dead, "call"), *w.FirstDead))
	}
	if w.Poor > 0 {
		text := fmt.Sprintf("%s hears %s badly", who, count(w.Poor, "call"))
		if w.OnsetCalls != nil {
			text += fmt.Sprintf(": loss begins when %d are up, at %d packets/s", *w.OnsetCalls, *w.OnsetPPS)
		}
		out = append(out, text)
	}
	return out
}

// overload is the run's sentence when a load met a limit; empty when none did, or no
// finding is needed to say so.
func overload(checks []CheckVerdict) string {
	for _, c := range checks {
		if m := c.Load; m != nil && (c.Verdict == Fail || c.Verdict == Degraded) {
			return m.headline()
		}
	}
	return ""
}

// withstood says how many calls were up together in a run without fault.
func withstood(checks []CheckVerdict) string {
	most := 0
	for _, c := range checks {
		if c.Load != nil {
			most = max(most, c.Load.Together)
		}
	}
	return fmt.Sprintf("%s at once, all with audio both ways.", count(most, "two-way call"))
}

// headline names where a load met its first limit.
func (m *Load) headline() string {
	first := func(a, b *int) *int {
		if a == nil || b != nil && *b < *a {
			return b
		}
		return a
	}
	dead := first(m.Inbound.FirstDead, m.Outbound.FirstDead)
	onset := first(m.Inbound.OnsetCalls, m.Outbound.OnsetCalls)
	switch {
	case m.FirstNotSetUp != nil && (dead == nil || *m.FirstNotSetUp <= *dead):
		n := m.Placed - *m.SetUp
		if m.mostFrom(*m.FirstNotSetUp, n) {
			return fmt.Sprintf("Calls could not be set up, beginning with call %d of %d.", *m.FirstNotSetUp, m.Calls)
		}
		return fmt.Sprintf("%d of %s could not be set up, the first is call %d.", n, count(m.Calls, "call"), *m.FirstNotSetUp)
	case dead != nil:
		n := max(m.Inbound.Dead, m.Outbound.Dead)
		if m.mostFrom(*dead, n) {
			return fmt.Sprintf("Calls have no audio, beginning with call %d of %d.", *dead, m.Calls)
		}
		return fmt.Sprintf("No audio in %d of %s, the first is call %d.", n, count(m.Calls, "call"), *dead)
	case onset != nil:
		return fmt.Sprintf("Audio suffers when %d of %s are up.", *onset, count(m.Calls, "call"))
	}
	return fmt.Sprintf("Of %s at once, some had poor audio.", count(m.Calls, "call"))
}

// mostFrom reports whether n calls are at least half of those from the first of them on, as
// where a limit is met.
func (m *Load) mostFrom(first, n int) bool { return 2*n >= m.Placed-first+1 }

// loadFaults are what the two machines did not manage.
func loadFaults(l load) []account {
	var out []account
	say := func(kind, short, long string, args ...any) {
		out = append(out, account{l.check.ID, kind, fmt.Sprintf(long, args...), short})
	}
	for _, end := range []struct {
		name string
		is   *evidence.LoadEnd
	}{{"client", l.facts.Client}, {"responder", l.facts.Responder}} {
		if end.is == nil {
			continue
		}
		if end.is.Fault != "" {
			say(end.name+"fault", "the same", "the %s could not do its part: %s", end.name, end.is.Fault)
		}
		faults, first := 0, ""
		for _, c := range end.is.Calls {
			if c.Fault != "" {
				faults, first = faults+1, c.Fault
			}
		}
		if faults > 0 {
			say(end.name+"calls", "the same", "the %s could not do its part of %s: %s", end.name, count(faults, "call"), first)
		}
	}
	if m := l.measured(); m.Inbound != nil {
		for _, w := range []struct {
			from, to string
			is       *LoadWay
		}{{"client", "responder", m.Inbound}, {"responder", "client", m.Outbound}} {
			out = append(out, w.is.faults(l.check.ID, w.from, w.to)...)
		}
	}
	return out
}

// ownShare is from which share of the packets on this is worth a finding: one in ten thousand.
const ownShare = 10_000

func (w *LoadWay) faults(check, from, to string) []account {
	var out []account
	if n := w.SendErrorPackets; n*ownShare > w.SentPackets {
		out = append(out, account{check, from + "errors", fmt.Sprintf("the %s's machine did not take %s of its audio; it took %d", from, count(n, "packet"), w.SentPackets), "the same"})
	}
	if n := w.BufferDropPackets; n != nil && *n*ownShare > w.SentPackets {
		out = append(out, account{check, to + "drops", fmt.Sprintf("the %s's machine had no room for %s that reached it, of %d", to, count(*n, "packet"), w.SentPackets), "the same"})
	}
	if w.late(maxLatenessUs) {
		out = append(out, account{check, from + "late", fmt.Sprintf("the %s's machine sent late: 1 %% of its packets more than %s after they were due", from, millis(*w.LatenessP99Ms)), millis(*w.LatenessP99Ms)})
	}
	return out
}
