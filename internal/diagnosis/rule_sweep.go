package diagnosis

import (
	"fmt"
	"slices"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// portInUse: another program on the responder's machine held ports of the range.
// Ports that are held on the client's machine say nothing of the site, and where both
// ends are one program there is no PBX's machine either: the check lists them.
func portInUse(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	for _, s := range v.swept(scenarios.Inbound) {
		if s.held.IsZero() || v.Run.Embedded {
			continue
		}
		f.tell(account{check: s.check.ID, short: sized(s.held), long: fmt.Sprintf(
			"another program on the responder's machine holds %s; skipped", sized(s.held))})
		f.values["ports"], f.values["list"] = ": "+portWords(s.held, maxRangesInRow), "UDP "+portWords(s.held, maxRangesInRow)
	}
	return append(f.foundWith(), heldPorts(v)...)
}

// tightPPS is the pace up to which a limit is named: three times that at which a sweep
// starts, some fifty calls. Beyond it, a line that is full is to be expected.
const tightPPS = 3 * rtpprobe.DefaultSweepRate

// callPPS is the packets a second of one direction of a call, at 20 ms each.
const callPPS = 50

// choked reports whether loss came and went with a pace that a PBX may need, and no
// machine at the ends lost anything. What loses new flows alone harms no calls: these are few.
func (s sweep) choked() bool {
	drops := s.localDrops()
	return s.RateLimited && !s.NewFlowsOnly && s.LimitedPPS != nil && *s.LimitedPPS <= tightPPS && (drops == nil || *drops == 0)
}

// rateLimited: loss comes with the pace, hits other ports each time, and goes with it.
func rateLimited(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, Confidence: Likely}
		for _, s := range slices.Concat(v.swept(scenarios.Inbound), v.swept(scenarios.Outbound)) {
			if s.choked() && s.lossy() == d {
				f.tell(s.limitAccount())
			}
		}
		out = append(out, f.foundWith()...)
	}
	return out
}

// lossy is the direction in which more was lost: that of the requests or of the answers.
func (s sweep) lossy() scenarios.Direction {
	requests, replies := losses(s.Rounds)
	if replies != nil && (requests == nil || *replies > *requests) {
		return opposite(s.check.Direction)
	}
	return s.check.Direction
}

func (s sweep) limitAccount() account {
	a := account{check: s.check.ID, short: fmt.Sprintf("%.0f packets/s", *s.LimitedPPS)}
	a.long = fmt.Sprintf("at %.0f packets/s, some %.0f calls at once, probes to ports that answer were lost", *s.LimitedPPS, *s.LimitedPPS/callPPS)
	if s.PassedPPS != nil {
		a.long += fmt.Sprintf("; at %.0f packets/s they passed", *s.PassedPPS)
	}
	if s.Moved > 0 {
		a.long += fmt.Sprintf("; %s that had been lost arrived at a later attempt", amount(s.Moved, "port"))
	}
	return a
}

// banned: everything passed and then stopped at one instant, and did not come back.
// An interrupted line looks the same, so this is likely at most.
func banned(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, Confidence: Likely, values: banner(d)}
		var notes []string
		for _, s := range v.swept(d) {
			if s.StoppedMS == nil || s.facts.Missing != "" || len(sweepFaults(s)) > 0 {
				continue // where a window's record is missing, the other end may have been gone
			}
			f.tell(s.stopAccount())
			notes = append(notes, v.pairingLived())
		}
		out = append(out, f.foundWith(notes[:min(len(notes), 1)]...)...)
	}
	return out
}

// banner names who was banned.
func banner(d scenarios.Direction) values {
	if d == scenarios.Inbound {
		return values{"who": "The site", "whom": "client"}
	}
	return values{"who": "A firewall", "whom": "responder"}
}

func (s sweep) stopAccount() account {
	sender, _ := s.ends()
	a := account{check: s.check.ID, short: millis(*s.StoppedMS)}
	a.long = fmt.Sprintf("%s after its start, everything stopped at once: the %s had had %s until then, and none for what it sent later, to ports that had answered before",
		millis(*s.StoppedMS), sender, amount(s.facts.Sent.Echoes, "answer"))
	return a
}

// pairingLived says whether the two ends still had each other.
func (v *view) pairingLived() string {
	if len(v.Pairing.Lost) > 0 {
		return fmt.Sprintf("The pairing was lost %s in this run as well; the responder was there again later.", count(len(v.Pairing.Lost), "time"))
	}
	return fmt.Sprintf("The pairing, first over %s, was not lost in this run.", v.Pairing.Transport)
}

// banNeeds: everything stopped, and the other end's ledger is not there.
func banNeeds(v *view) string {
	for _, s := range v.sweeps {
		if (!s.known || s.facts.Missing != "") && s.facts.Sent != nil && s.facts.Sent.StoppedMS != nil {
			return "the responder's ledger of " + s.check.ID + ", in which everything stopped at one instant"
		}
	}
	return replyNeeds(v)
}

// sweepFaults are what the machines at the ends did to a sweep. The odd packet that a
// machine loses, and that a second attempt makes good, is no fault.
func sweepFaults(s sweep) []account {
	if !s.known {
		return nil
	}
	sender, receiver := s.ends()
	sent, arrived := s.facts.Sent, s.facts.Arrived
	var out []account
	say := func(kind, short, long string, args ...any) {
		out = append(out, account{s.check.ID, "sweep-" + kind, fmt.Sprintf(long, args...), short})
	}
	if ports := sent.Unsent.Intersect(s.Inconclusive); !ports.IsZero() {
		say("unsent", sized(ports), "the %s's machine did not take what was to be sent to %s (%s)", sender, sized(ports), errorKinds(sent.Errors))
	}
	if ports := arrived.Unanswered.Intersect(s.Inconclusive); !ports.IsZero() && len(arrived.Errors) > 0 {
		say("unanswered", sized(ports), "the %s's machine did not take the answers for %s (%s)", receiver, sized(ports), errorKinds(arrived.Errors))
	}
	if ports := arrived.NoFiles.Intersect(s.Inconclusive); !ports.IsZero() {
		say("files", sized(ports), "the %s had no file descriptors or memory left to open %s", receiver, sized(ports))
	}
	if ports := arrived.NotPermitted.Intersect(s.Inconclusive); !ports.IsZero() {
		say("rights", sized(ports), "the %s lacks the right to open %s", receiver, sized(ports))
	}
	if n := arrived.LocalDrops; n != nil && (harmful(*n, arrived.Packets) || !arrived.DroppedOn.Intersect(s.Inconclusive).IsZero()) {
		say("drops", grouped(*n), "the %s's machine dropped %s for want of room; %s came through", receiver, amount(*n, "packet"), grouped(arrived.Packets))
	}
	if n := sent.LocalDrops; n != nil && (harmful(*n, sent.Echoes) || *n > 0 && !s.Inconclusive.IsZero()) {
		say("echo-drops", grouped(*n), "the %s's machine dropped %s for want of room; %s came through", sender, amount(*n, "answer"), grouped(sent.Echoes))
	}
	return out
}

// harmful reports whether a machine dropped more than one packet in a hundred.
func harmful(dropped, taken int64) bool { return dropped > 0 && dropped*100 > taken+dropped }

func errorKinds(errors []rtpprobe.ErrorCount) string {
	var out []string
	for _, e := range errors {
		out = append(out, fmt.Sprintf("%s %s times", e.Kind, grouped(e.Count)))
	}
	if len(out) == 0 {
		return "it did not say why"
	}
	return list(out)
}
