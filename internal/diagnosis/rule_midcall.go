package diagnosis

import (
	"cmp"
	"fmt"
	"slices"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// seenFrom are the sources that the client saw the responder's own stream come from, by
// its SSRC, in order of arrival. Stray packets are not counted.
func (c call) seenFrom() []rtpprobe.Source { return c.out.seenFrom() }

// seenFrom are the sources that the receiver saw the sender's own stream come from.
func (l leg) seenFrom() []rtpprobe.Source {
	if l.state == unknown {
		return nil
	}
	var out []rtpprobe.Source
	for _, s := range l.receiver.Media.Received.Sources {
		if s.SSRC == l.sender.Media.SSRC && s.Packets >= minPackets {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b rtpprobe.Source) int { return cmp.Compare(a.FirstMS, b.FirstMS) })
	return out
}

// maxOverlapMs is how long packets from an old source may come after the first from the
// new one: those that were under way.
const maxOverlapMs = 500

// moved reports whether the sources followed each other. Sources that take turns are
// packets spread over several lines, which is another matter.
func moved(sources []rtpprobe.Source) bool {
	for i := 1; i < len(sources); i++ {
		if sources[i-1].LastMS > sources[i].FirstMS+maxOverlapMs {
			return false
		}
	}
	return len(sources) > 1
}

// sourceChanges: the responder sent one stream from one socket, and the client saw it
// come from one source and then from another.
func sourceChanges(v *view) []Finding {
	f := Finding{Direction: scenarios.Outbound}
	for _, c := range v.established() {
		sources := c.seenFrom()
		if !moved(sources) {
			continue
		}
		last := len(sources) - 1
		a := account{check: c.check.ID, short: fmt.Sprintf("%s, then %s", sources[0].Address, sources[last].Address)}
		a.long = fmt.Sprintf("the responder sent one stream (SSRC %08x) from %s; the client saw %s of it come from %s, and from then on %s from %s%s",
			c.out.sender.Media.SSRC, c.out.sender.Media.Local, count(sources[0].Packets, "packet"), sources[0].Address,
			count(sources[last].Packets, "packet"), sources[last].Address, c.quiet(sources))
		if last > 1 {
			a.long += fmt.Sprintf("; there were %d sources in all", len(sources))
		}
		f.tell(a)
	}
	return f.found()
}

// leftBehind says that the receiver of a direction was sent to where it had come from, and by then came from
// elsewhere; empty when that is not so.
func (c call) leftBehind(d scenarios.Direction) string {
	sources, latched := c.leg(opposite(d)).seenFrom(), c.leg(d).sender.Media.LatchedTo
	if !moved(sources) || latched == nil || *latched != sources[0].Address {
		return ""
	}
	sender, receiver := c.leg(d).ends()
	return fmt.Sprintf("; the audio of the %s came to the %s from %s and later from %s, and the %s went on to send to the former",
		receiver, sender, sources[0].Address, sources[len(sources)-1].Address, sender)
}

// quiet says for how long nothing came before the change, where that was a while.
func (c call) quiet(sources []rtpprobe.Source) string {
	last := len(sources) - 1
	if gap := sources[last].FirstMS - sources[last-1].LastMS; gap >= 1000 {
		return ", after " + millis(gap) + " without a packet"
	}
	return ""
}

// midcallNeeds: no call's outbound audio was recorded at both ends.
func midcallNeeds(v *view) string {
	for _, c := range v.established() {
		if c.out.state == alive && len(c.seenFrom()) > 0 {
			return ""
		}
	}
	return "a call whose outbound audio arrives, recorded at both ends"
}
