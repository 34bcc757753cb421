package diagnosis

import (
	"fmt"

	"bothways/internal/evidence"
)

// A Remark is something to know that is no finding and changes no verdict.
type Remark struct {
	// Code is that of the finding that it would be if it had changed anything.
	Code string
	Text string
}

// notableLatenessUs is from where on a machine's own pacing is worth a word: jitter of a
// network is often less.
const notableLatenessUs = 2_000

// remarks are on where the client was, and on the two machines' own pacing. A machine is late by milliseconds for many
// reasons (a busy laptop, Windows' timers, a virtual machine), and a telephone's jitter
// buffer takes that in: it is said, so that nobody takes that jitter for the network's,
// and it is a finding only where it changed a verdict (see callFaults) or where no
// buffer takes it in.
func (v *view) remarks() []Remark {
	out := v.placeRemark()
	for _, end := range []struct {
		name string
		call func(call) *evidence.CallEnd
		load func(load) *evidence.LoadEnd
	}{
		{"client", func(c call) *evidence.CallEnd { return c.facts.Client }, func(l load) *evidence.LoadEnd { return l.facts.Client }},
		{"responder", func(c call) *evidence.CallEnd { return c.facts.Responder }, func(l load) *evidence.LoadEnd { return l.facts.Responder }},
	} {
		worst, check := 0.0, ""
		note := func(us float64, id string) {
			if us > worst {
				worst, check = us, id
			}
		}
		for _, c := range v.calls {
			if e := end.call(c); e != nil && e.Media != nil && e.Media.Sent.Lateness != nil && e.Media.Sent.Packets >= lateOf {
				note(e.Media.Sent.Lateness.P99, c.check.ID)
			}
		}
		for _, l := range v.loads {
			if e := end.load(l); e != nil && e.Lateness != nil {
				note(e.Lateness.P99, l.check.ID)
			}
		}
		if worst > notableLatenessUs && worst <= maxLatenessUs {
			out = append(out, Remark{"local-fault", fmt.Sprintf("The %s's own machine sent late: 1 %% of its packets more than %s after they were due (%s). Jitter up to that is its own, and not the network's.",
				end.name, millis(worst/1000), check)})
		}
	}
	return out
}

// blamed reports whether a direction is below the scenario's limit only because its
// sender was late: without as much jitter as that it would not be.
func (v *view) blamed(c call, l leg) bool {
	if broken := v.poor(c, l); len(broken) != 1 || broken[0].kind != mosBroken {
		return false
	}
	late := l.sender.Media.Sent.Lateness
	if late == nil || late.P99 <= notableLatenessUs || l.sent < lateOf {
		return false
	}
	mos := c.qualityWithout(l, late.P99/1000).mos
	return mos != nil && *mos >= c.check.Call.MinMOS
}
