package diagnosis

import (
	"fmt"

	"bothways/scenarios"
)

// noAudio: a call was set up and both directions are dead.
func noAudio(v *view) []Finding {
	var f Finding
	for _, c := range v.established() {
		if c.in.state == dead && c.out.state == dead {
			f.tell(account{c.check.ID, c.in.kind() + c.out.kind(), c.in.story() + "; " + c.out.story(), c.in.numbers() + "; " + c.out.numbers()})
		}
	}
	return f.found()
}

// oneWayAudio: a call was set up and exactly one direction is dead.
func oneWayAudio(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: values{"who": hears(d), "way": way(d)}}
		for _, c := range v.established() {
			bad, good := c.leg(d), c.leg(opposite(d))
			if bad.state != dead || good.state != alive {
				continue
			}
			f.tell(account{c.check.ID, bad.kind(),
				fmt.Sprintf("%s; the other way %d of %d arrived", bad.story(), good.received, good.sent),
				fmt.Sprintf("%s; the other way %d of %d", bad.numbers(), good.received, good.sent)})
		}
		out = append(out, f.found()...)
	}
	return out
}

// poorAudio: a direction carries audio, and breaks a limit of the scenario.
func poorAudio(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: values{"way": way(d)}}
		for _, c := range v.established() {
			l := c.leg(d)
			for _, b := range v.poor(c, l) {
				f.tell(account{c.check.ID, b.kind, b.long, b.short})
			}
		}
		out = append(out, f.found()...)
	}
	return out
}

// silentAudio: packets arrive, and the tone that was sent is not in them.
func silentAudio(v *view) []Finding {
	return sound(v, leg.silent, func(l leg) string {
		all, _, tone := l.heard()
		sender, receiver := l.ends()
		if l.locked() {
			return fmt.Sprintf("%s with the call's tag arrived at the %s, and %d of them failed the authentication of SRTP: the key in the %s's SDP is not the SRTP key that the %s encrypts with",
				count(l.received, "packet"), receiver, l.receiver.Media.Received.Unauthenticated, sender, sender)
		}
		return fmt.Sprintf("%s arrived at the %s, %s of audio; the tone was in %s of it", count(l.received, "packet"), receiver, millis(all), millis(tone))
	})
}

// audioLooped: an end hears itself.
func audioLooped(v *view) []Finding {
	return sound(v, leg.looped, func(l leg) string {
		all, own, _ := l.heard()
		_, receiver := l.ends()
		if n := l.receiver.Media.Received.Looped; n >= enoughToTell {
			return fmt.Sprintf("%d of the %s's own %d packets came back to it", n, receiver, l.receiver.Media.Sent.Packets)
		}
		return fmt.Sprintf("of %s of audio that arrived at the %s, %s was its own tone", millis(all), receiver, millis(own))
	})
}

// sound finds what is true of a direction's sound, one finding for each direction.
func sound(v *view, is func(leg) bool, say func(leg) string) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: values{"who": hears(d), "way": way(d)}}
		for _, c := range v.established() {
			if l := c.leg(d); is(l) {
				f.tell(account{c.check.ID, "", say(l), count(l.received, "packet")})
			}
		}
		out = append(out, f.found()...)
	}
	return out
}

// audioNeeds: no call carried audio.
func audioNeeds(v *view) string {
	for _, c := range v.established() {
		if c.in.state == alive || c.out.state == alive {
			return ""
		}
	}
	return "a call that carries audio, recorded at both ends"
}

func opposite(d scenarios.Direction) scenarios.Direction {
	if d == scenarios.Inbound {
		return scenarios.Outbound
	}
	return scenarios.Inbound
}

// story tells what became of a direction: who sent where, and what arrived.
func (l leg) story() string {
	sender, receiver := l.ends()
	m := l.sender.Media
	if l.nowhere {
		refused := m.Sent.RefusedDestinations[0].Address
		return fmt.Sprintf("the %s sent %s: the only address that it was given, %s, has not shown that it takes media",
			sender, count(l.sent, "packet"), refused)
	}
	if l.sent == 0 && l.errors == 0 {
		return fmt.Sprintf("the %s sent no packets: it had no address to send to", sender)
	}
	line := fmt.Sprintf("the %s sent %s", sender, count(l.sent, "packet"))
	if to := l.to(); to.IsValid() {
		line += fmt.Sprintf(" to %s", to)
	}
	line += fmt.Sprintf("; the %s, listening on %s, received %d", receiver, l.receiver.Media.Local, l.received)
	if n := l.others(); n >= minPackets {
		line += fmt.Sprintf(", and %s that did not belong to the call", count(n, "packet"))
	}
	if n := l.spurned(); n >= minPackets {
		line += fmt.Sprintf(", and %s that it did not take, because it latches strictly to another source", count(n, "packet"))
	}
	return line
}

// kind tells apart the stories of directions.
func (l leg) kind() string {
	return fmt.Sprint(l.state, l.nowhere, l.sent == 0, l.others() >= minPackets)
}

// numbers are those of the story: "0 of 300 to 203.0.113.10:12004".
func (l leg) numbers() string {
	line := fmt.Sprintf("%d of %d", l.received, l.sent)
	if to := l.to(); to.IsValid() {
		line += fmt.Sprintf(" to %s", to)
	}
	return line
}

// others counts packets that reached the receiver's port and were not counted as the
// call's: without its tag, from a source that may not send, or no RTP at all.
func (l leg) others() int64 {
	r := l.receiver.Media.Received
	return max(r.Untagged, 0) + max(r.Malformed, 0) + total(r.RefusedSources)
}
