package diagnosis

import (
	"fmt"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe"
)

func bothDirections() []scenarios.Direction {
	return []scenarios.Direction{scenarios.Inbound, scenarios.Outbound}
}

// fragmentsDropped: in one flow over UDP all that fits a packet arrives, and nothing that
// does not, while as large messages pass over TCP or TLS.
func fragmentsDropped(v *view) []Finding {
	var out []Finding
	for _, d := range bothDirections() {
		f := Finding{Direction: d}
		for _, l := range v.climbed(d, sipprobe.UDP) {
			e, ok := l.fragmentEdge()
			if !ok {
				continue
			}
			control, ok := v.carried(d, e.lost)
			if !ok {
				continue
			}
			calls, ok := v.largeInvites(d, e.lost)
			if !ok {
				continue
			}
			if _, told := l.mtu(); !told {
				f.Confidence = Likely
			}
			f.tell(l.fragmentAccount(e, control))
			f.tell(calls...)
		}
		out = append(out, f.found()...)
	}
	return out
}

// fragmentEdge is the edge of a flow where it lies between what the sender puts into one
// packet and what it puts into fragments. One size beyond would not tell it from chance.
func (l ladder) fragmentEdge() (e edge, ok bool) {
	e, ok = edgeOf(l.rungs, l.again)
	mtu, _ := l.mtu()
	return e, ok && e.steps >= 2 && e.passed+l.header <= mtu && e.lost+l.header > mtu
}

// carried is a ladder over a connection, of the same direction, on which as large a
// message arrived.
func (v *view) carried(d scenarios.Direction, bytes int) (ladder, bool) {
	for _, l := range v.climbed(d, sipprobe.TLS, sipprobe.TCP) {
		if l.largest() >= bytes {
			return l, true
		}
	}
	return ladder{}, false
}

func (l ladder) fragmentAccount(e edge, control ladder) account {
	mtu, told := l.mtu()
	by := "the sender's MTU is"
	if !told {
		by = "the sender's MTU is taken to be"
	}
	return account{
		check: l.check.ID, short: fmt.Sprintf("up to %s bytes", grouped(e.passed)),
		long: fmt.Sprintf("%s, up to %s bytes arrived over UDP, the smallest again at the end; of %s sizes from %s bytes on nothing arrived, each sent three times; %s %s, so that these travel in fragments; over %s %s bytes arrived",
			way(l.check.Direction), grouped(e.passed), grouped(e.steps), grouped(e.lost), by, grouped(mtu),
			strings.ToUpper(string(control.check.Transport)), grouped(control.largest())),
	}
}

// blackHole: connections stall at large messages, or datagrams that must not be
// fragmented vanish without a word while larger ones arrive in fragments. A connection of
// one kind that stalls while one of the other does not is some box's doing, not the MTU's;
// where the other kind was not tried, it is likely at most.
func blackHole(v *view) []Finding {
	var out []Finding
	for _, d := range bothDirections() {
		f := Finding{Direction: d, Confidence: Likely}
		stalls := v.stalls(d)
		vanishes := v.vanishes(d, len(stalls) > 0)
		if len(stalls) > 1 || len(vanishes) > 0 {
			f.Confidence = Proven
		}
		for _, l := range stalls {
			f.tell(l.stallAccount())
		}
		for _, l := range vanishes {
			f.tell(l.vanishAccount())
		}
		handshake := v.handshake(d)
		if len(handshake) > 0 {
			f.transports = []sipprobe.Transport{sipprobe.TLS}
		}
		if len(f.accounts) > 0 {
			out = append(out, f.foundWith(handshake...)...)
		}
	}
	return out
}

// handshake says that a TLS handshake inbound failed for what is likely the same reason.
func (v *view) handshake(d scenarios.Direction) []string {
	a := attemptOver(v.Evidence, sipprobe.TLS)
	if d != scenarios.Inbound || a == nil || a.Connect == nil || a.Connect.Result != "tls-failed" {
		return nil
	}
	return []string{"The TLS handshake, whose first message takes about as much as a packet holds, failed in the same run."}
}

// stalls are the ladders over connections that stalled, none when another did not where
// they did.
func (v *view) stalls(d scenarios.Direction) (out []ladder) {
	all := v.climbed(d, sipprobe.TCP, sipprobe.TLS)
	for _, l := range all {
		e, ok := l.stalled()
		if !ok {
			continue
		}
		out = append(out, l)
		for _, other := range all {
			if other.largest() >= e.lost {
				return nil
			}
		}
	}
	return out
}

// vanishes are the ladders over UDP in which datagrams that must not be fragmented are
// lost, and it is seen elsewhere that their size alone is no reason: as large ones arrive
// in fragments, or connections stall as well.
func (v *view) vanishes(d scenarios.Direction, stalls bool) (out []ladder) {
	for _, l := range v.climbed(d, sipprobe.UDP) {
		if e, ok := l.vanish(); ok && (stalls || l.largest() >= e.lost) {
			out = append(out, l)
		}
	}
	return out
}

func (l ladder) stallAccount() account {
	e, _ := l.stalled()
	name := strings.ToUpper(string(l.check.Transport))
	return account{
		check: l.check.ID, kind: "stall", short: fmt.Sprintf("from %s bytes on", grouped(e.lost)),
		long: fmt.Sprintf("%s, messages up to %s bytes arrived on a %s connection and one of %s bytes did not, nor on a fresh connection on which a small one arrived; on a third one small ones still did",
			way(l.check.Direction), grouped(e.passed), name, grouped(e.lost)),
	}
}

func (l ladder) vanishAccount() account {
	e, _ := l.vanish()
	a := account{
		check: l.check.ID, kind: "vanish", short: fmt.Sprintf("from %s bytes on", grouped(e.lost)),
		long: fmt.Sprintf("%s, datagrams that must not be fragmented arrived up to %s bytes (a packet of %s) and not from %s on, each sent three times, and no router told the sender",
			way(l.check.Direction), grouped(e.passed), grouped(e.passed+l.header), grouped(e.lost)),
	}
	if most := l.largest(); most >= e.lost {
		a.long += fmt.Sprintf("; in fragments up to %s bytes arrived", grouped(most))
	}
	return a
}

// fragmentNeeds: no check shows whether fragments pass.
func fragmentNeeds(v *view) string {
	for _, d := range bothDirections() {
		for _, l := range v.climbed(d, sipprobe.UDP) {
			e, ok := edgeOf(l.rungs, l.again)
			_, carried := v.carried(d, e.lost)
			if len(l.rungs) > 0 && len(with(l.rungs, arrived)) == len(l.rungs) || ok && carried {
				return ""
			}
		}
	}
	return "a check of sizes over UDP, recorded at both ends, and one over TCP or TLS in the same direction, as in the scenario path"
}

// holeNeeds: no check shows whether large packets pass, or their sender is told.
func holeNeeds(v *view) string {
	for _, d := range bothDirections() {
		for _, l := range v.climbed(d, sipprobe.TCP, sipprobe.TLS) {
			if _, ok := l.stalled(); ok || len(l.rungs) == len(l.check.Size.Bytes) && len(with(l.rungs, arrived)) == len(l.rungs) {
				return ""
			}
		}
	}
	return "a check of sizes over TCP or TLS, recorded at both ends, as in the scenario path"
}
