package diagnosis

import (
	"fmt"

	"bothways/scenarios"
)

// A breach is one limit of the scenario that a direction breaks.
type breach struct{ kind, long, short string }

// mosBroken is the kind of a breach of the limit of the mean opinion score.
const mosBroken = "mos"

// poor are the limits that a direction breaks; one that is reached exactly is kept. Of
// audio that stops another symptom tells.
func (v *view) poor(c call, l leg) []breach {
	if _, stopped := l.stop(); stopped || l.state != alive {
		return nil
	}
	limits := scenarios.Call{MaxLossPercent: c.maxLoss()}
	if c.check.Call != nil {
		limits = *c.check.Call
	}
	var out []breach
	for _, broken := range []*breach{
		lossBreach(l, limits), runBreach(l, limits), jitterBreach(l, limits), v.delayBreach(l, limits), c.mosBreach(l, limits),
	} {
		if broken != nil {
			out = append(out, *broken)
		}
	}
	return out
}

func lossBreach(l leg, limits scenarios.Call) *breach {
	lost := l.judgedPercent()
	if lost == nil || *lost <= limits.MaxLossPercent {
		return nil
	}
	return &breach{"loss", fmt.Sprintf("%s; %s were lost, %.1f points more than the %.1f %% that the scenario allows%s",
		l.story(), percent(lost), *lost-limits.MaxLossPercent, limits.MaxLossPercent, l.brokenWords()),
		fmt.Sprintf("%s; %s lost", l.numbers(), percent(lost))}
}

// runBreach leaves out what the machines at the ends may have missed in such a run.
func runBreach(l leg, limits scenarios.Call) *breach {
	run := l.receiver.Media.Received.LongestLossRun
	if limits.MaxLossRunPackets == 0 || run-l.missedHere() <= limits.MaxLossRunPackets {
		return nil
	}
	return &breach{"run", fmt.Sprintf("%s in a row were lost at worst, %d more than the %d that the scenario allows (%s of lost packets in all)",
		count(run, "packet"), run-limits.MaxLossRunPackets, limits.MaxLossRunPackets, count(l.receiver.Media.Received.LossRuns, "run")),
		fmt.Sprintf("%d in a row", run)}
}

// jitterBreach leaves out what the sender's own machine may have added.
func jitterBreach(l leg, limits scenarios.Call) *breach {
	j := l.jitter()
	if limits.MaxJitterMs == 0 || j == nil || *j-l.lateMs() <= limits.MaxJitterMs {
		return nil
	}
	return &breach{"jitter", fmt.Sprintf("jitter of %.1f ms, %.1f ms more than the %.1f ms that the scenario allows",
		*j, *j-limits.MaxJitterMs, limits.MaxJitterMs), fmt.Sprintf("jitter %.1f ms", *j)}
}

// delayBreach is judged only where the delay is too long whatever its error.
func (v *view) delayBreach(l leg, limits scenarios.Call) *breach {
	if limits.MaxDelayMs == 0 {
		return nil
	}
	d := v.delay(l)
	if d == nil || d.ms-d.errorMs <= limits.MaxDelayMs {
		return nil
	}
	return &breach{"delay", fmt.Sprintf("packets were on the way for %.1f ms on average, give or take %.1f ms, at least %.1f ms more than the %.1f ms that the scenario allows",
		d.ms, d.errorMs, d.ms-d.errorMs-limits.MaxDelayMs, limits.MaxDelayMs), fmt.Sprintf("delay %.1f ± %.1f ms", d.ms, d.errorMs)}
}

func (c call) mosBreach(l leg, limits scenarios.Call) *breach {
	q := c.quality(l)
	if q.mos == nil || *q.mos >= limits.MinMOS {
		return nil
	}
	return &breach{mosBroken, fmt.Sprintf("estimated MOS %s (R %s) with %s lost, a round trip of %s ms and %s ms of jitter; %.1f less than the %.1f that the scenario wants",
		number(q.mos), number(q.r), percent(l.judgedPercent()), number(q.roundTripMs), number(l.jitter()), limits.MinMOS-*q.mos, limits.MinMOS),
		"MOS " + number(q.mos)}
}
