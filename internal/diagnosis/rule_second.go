package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// A secondCall is a call in which the client's media had its second address, of which
// the responder listened to the first second before it sent, while the client also sent
// to the same port from the address that signals. So the two differ by where they come
// from and by nothing else: not by the port, its forward, the time, or what the site had
// sent before.
type secondCall struct {
	call
	// pinned is true when the signalling address alone got in, alike when both did or
	// neither. Neither is true when the difference may be loss.
	pinned, alike bool
	// open is true when something got in at all.
	open bool
}

// secondCalls are those from which something can be told.
func (v *view) secondCalls() []secondCall {
	var out []secondCall
	for _, c := range v.established() {
		r, control := c.facts.Responder, c.facts.Client.Control
		if !c.check.FromSecond() || c.in.state == unknown || c.in.state == local || !c.in.cold() || v.hostShuts(c) > 0 {
			continue
		}
		if heard := c.facts.Client.Heard; heard == nil || foreign(v.Evidence, heard.Addr()) {
			continue // nothing gets there, from whichever address
		}
		if r.Cold.ControlPackets == nil || control == nil || control.Packets < enoughToTell || c.in.lead() < enoughToTell {
			continue
		}
		first, second := *r.Cold.ControlPackets, r.Cold.Packets
		s := secondCall{call: c, open: first >= minPackets || second >= minPackets}
		s.pinned = first >= minPackets && second == 0
		s.alike = first >= minPackets && second >= minPackets || first == 0 && second == 0
		out = append(out, s)
	}
	return out
}

// byTLS parts the calls whose SIP nobody on the way can read from the others.
func byTLS(all []secondCall) (secret, clear []secondCall) {
	for _, c := range all {
		if sipprobe.Transport(c.check.Transport) == sipprobe.TLS {
			secret = append(secret, c)
		} else {
			clear = append(clear, c)
		}
	}
	return secret, clear
}

func every(all []secondCall, is func(secondCall) bool) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(c secondCall) bool { return !is(c) })
}

func (c secondCall) isPinned() bool { return c.pinned }
func (c secondCall) isAlike() bool  { return c.alike }

// pinnedIn are the calls whose transport let in the signalling address alone, without
// exception.
func pinnedIn(all []secondCall) []secondCall {
	var out []secondCall
	for _, t := range sipprobe.Transports() {
		over := slices.DeleteFunc(slices.Clone(all), func(c secondCall) bool { return sipprobe.Transport(c.check.Transport) != t })
		if every(over, secondCall.isPinned) {
			out = append(out, over...)
		}
	}
	return out
}

// pinsMedia: where the path can read SIP, media gets in from the address that signals
// and not from another, at one port at one time. That alone may be a filter of
// addresses, which knows nothing of calls. What tells them apart is a call whose SIP
// the path cannot read: over TLS a filter does the same, and a helper that reads SIP
// cannot know which port the call has, nor who is its peer. So over TLS both must fare
// alike: both get in, where the range is forwarded and the helper shuts out whom the
// call does not name; or neither does, where no forward exists and the helper opens
// what the call needs, for its peer alone, as the kernel's does (nf_conntrack_sip with
// sip_direct_media). A test of the site's NAT, whose packets belong to no call, shows
// the former as well. Where there is neither, something that rewrites SIP on the same
// path makes it likely.
func pinsMedia(v *view) []Finding {
	secret, clear := byTLS(v.secondCalls())
	pinned := pinnedIn(clear)
	f := Finding{Direction: scenarios.Inbound}
	var lines []string
	switch {
	case len(pinned) == 0 || len(secret) > 0 && !every(secret, secondCall.isAlike):
		return nil
	case len(secret) > 0:
		lines = append(lines, alikeLine(secret))
		if !secret[0].open && !v.opensByCall(pinned) && !every(pinned, v.readSDP) {
			f.Confidence = Likely
		}
	case v.secondPasses():
		lines = append(lines, "Outside calls, in the test of the site's NAT, its media ports were reached from both addresses.")
	case slices.ContainsFunc(v.passages, passage.rewritten):
		f.Confidence = Likely
		lines = append(lines, "Something on the same path rewrites SIP; a call over TLS, which would tell it from a filter of addresses, was not made.")
	default:
		return nil
	}
	for _, c := range pinned {
		f.tell(v.secondAccount(c))
	}
	return f.foundWith(lines...)
}

// readSDP reports whether something on the way has changed the SDP that names the port
// of a call: then it does know which port the call has.
func (v *view) readSDP(c secondCall) bool { return v.mediaRewritten(c.check.ID, scenarios.Inbound) }

// opensByCall reports whether calls with all from one address show the same: over the
// transports of the pinned calls media got in cold, and over TLS it did not.
func (v *view) opensByCall(pinned []secondCall) bool {
	opened, shut := false, false
	for _, c := range v.calls {
		if !v.coldTested(c) {
			continue
		}
		open := c.in.receiver.Cold.Packets >= minPackets
		switch {
		case sipprobe.Transport(c.check.Transport) == sipprobe.TLS:
			if open {
				return false
			}
			shut = true
		case slices.ContainsFunc(pinned, func(p secondCall) bool { return p.check.Transport == c.check.Transport }):
			if !open {
				return false
			}
			opened = true
		}
	}
	return opened && shut
}

// alikeLine tells of the calls over TLS.
func alikeLine(secret []secondCall) string {
	var names []string
	open := 0
	for _, c := range secret {
		names = append(names, c.check.ID)
		if c.open {
			open++
		}
	}
	what := "got in from neither: the site forwards nothing there, and what opened the port in the other calls had read their SIP"
	if open == len(secret) {
		what = "got in from both"
	} else if open > 0 {
		what = "fared alike from both"
	}
	return fmt.Sprintf("Over TLS, where nothing on the way can read SIP, the same packets %s (%s).", what, list(names))
}

// secondPasses reports whether a test of the site's NAT reached its media ports from
// both addresses.
func (v *view) secondPasses() bool {
	return slices.ContainsFunc(v.siteNATs(), func(n nat) bool {
		return len(n.media.second.asked) >= minSockets && n.media.first.all() && n.media.second.all()
	})
}

func (v *view) secondAccount(c secondCall) account {
	r, control := c.facts.Responder, c.facts.Client.Control
	a := account{check: c.check.ID, kind: "second"}
	a.short = fmt.Sprintf("%d of %d from the first address, 0 of %d from the second", *r.Cold.ControlPackets, control.Packets, c.in.lead())
	a.long = fmt.Sprintf("to %s the client sent %s from its second address %s, which the SDP names, and %d from %s, which signals; in the first %s, before the responder had sent anything, 0 and %d arrived",
		c.in.to(), count(c.in.lead(), "packet"), clientSeenAs(v.Evidence, true), control.Packets, clientSeenAs(v.Evidence, false), millis(r.Cold.WaitedMs), *r.Cold.ControlPackets)
	if c.in.received > 0 {
		a.long += fmt.Sprintf("; once it had sent, %d did from the second", c.in.received)
	}
	return a
}

// filteredCalls: over TLS, where no helper can know which port a call has, media gets in
// from the address that signals and not from another. Ports that let in cold whom the
// call did not name are forwarded; where calls with media from the signalling address
// did not get in, they may only have been left open by what the site had sent before.
func (v *view) filteredCalls() []account {
	all := v.secondCalls()
	secret, _ := byTLS(all)
	if !every(secret, secondCall.isPinned) || slices.ContainsFunc(v.calls, func(c call) bool { return v.coldTested(c) && c.in.shutOut() }) {
		return nil
	}
	if len(v.swept(scenarios.Outbound)) > 0 && slices.ContainsFunc(secret, func(c secondCall) bool { return !v.settled(c.facts.Responder.Advertised.Port()) }) {
		return nil // the site may have sent from these ports to the client
	}
	var out []account
	for _, c := range all {
		if c.pinned {
			out = append(out, v.secondAccount(c))
		}
	}
	return out
}

// pinsNeeds: no call over UDP or TCP and one over TLS had media from two addresses.
func pinsNeeds(v *view) string {
	secret, clear := byTLS(v.secondCalls())
	open := slices.ContainsFunc(clear, func(c secondCall) bool { return c.open })
	switch other := v.Pairing.Second; {
	case other == nil:
		return "calls with media from a second outside address: bothways run --second-address"
	case other.SeenAs == nil:
		return unprovenSecond(v)
	case len(clear) == 0:
		return "a call to the site over UDP or TCP with media from the second address (scenario media-address)"
	case open && every(clear, secondCall.isAlike):
		return ""
	case !open:
		return "media that gets in at the site, from whichever address"
	case len(pinnedIn(clear)) == 0:
		return "calls over one transport that all fare alike"
	case len(secret) > 0 && slices.ContainsFunc(secret, secondCall.isPinned):
		return "a site without a filter of addresses, which hides what an ALG does"
	}
	return "the same call over TLS, which no ALG can read"
}

func unprovenSecond(v *view) string {
	other := v.Pairing.Second
	return fmt.Sprintf("a second outside address that reaches the site's SIP ports; %s did not: %s", other.Address, strings.TrimSuffix(other.Error, "."))
}
