package diagnosis

import (
	"fmt"
	"slices"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// rtpNotForwarded: a sweep proves it, or else calls make it likely.
func rtpNotForwarded(v *view) []Finding {
	if swept := sweptShut(v); swept != nil {
		return swept
	}
	return calledShut(v)
}

// calledShut: the responder listened before it sent, the client sent to the address
// that it had been given, and nothing arrived. Ports that a sweep has settled are the
// sweep's to judge.
func calledShut(v *view) []Finding {
	var shut, open []call
	for _, c := range v.calls {
		switch {
		case !v.coldTested(c) || v.hostShuts(c) > 0 || v.settled(c.facts.Responder.Advertised.Port()):
		case c.in.shutOut():
			shut = append(shut, c)
		case c.in.receiver.Cold.Packets >= minPackets:
			open = append(open, c)
		}
	}
	if len(shut) == 0 {
		return nil
	}
	f := Finding{Direction: scenarios.Inbound, Confidence: Likely, values: values{}}
	for _, c := range shut {
		f.tell(coldAccount(c))
	}
	f.values["forward"] = v.rtpForward(shut)
	out := f.found()
	out[0].Evidence = append(out[0].Evidence, portsLine(shut, open))
	return out
}

// coldTested reports whether a call shows what the site lets in by itself: the
// responder waited, and meanwhile the client sent where the responder can be reached.
// A port at which anything else arrived is not shut; one that was exchanged for another
// on the way to the client was not tried. Media from a second address has rules of its own.
func (v *view) coldTested(c call) bool {
	if c.check.FromSecond() || c.in.state == unknown || c.in.state == local || !c.in.cold() || c.in.others() > 0 {
		return false
	}
	to := c.facts.Responder.Advertised
	if to == nil || foreign(v.Evidence, to.Addr()) || v.mediaRewritten(c.check.ID, scenarios.Inbound) {
		return false
	}
	lead := c.facts.Client.Lead
	if lead == nil || lead.Packets < enoughToTell {
		return false
	}
	return slices.ContainsFunc(c.facts.Client.Media.Sent.Destinations, func(d rtpprobe.Destination) bool {
		return d.Address == *to && d.Packets >= enoughToTell
	})
}

func coldAccount(c call) account {
	r := c.facts.Responder
	a := account{check: c.check.ID, kind: "dead", short: c.in.numbers()}
	a.long = fmt.Sprintf("the client sent %s to %s; in the first %s, before the responder had sent anything, 0 arrived at it on %s",
		count(c.in.sent, "packet"), c.in.to(), millis(r.Cold.WaitedMs), r.Media.Local)
	switch {
	case c.in.received == 0:
		a.long += ", nor any later"
	default:
		a.kind = "primed"
		a.long += fmt.Sprintf("; once it had sent, %d did", c.in.received)
	}
	return a
}

// portsLine names the ports that stand for the range.
func portsLine(shut, open []call) string {
	if len(open) == 0 {
		return fmt.Sprintf("Ports tried cold: UDP %s; none of them passed.", ports(mediaPorts(shut)))
	}
	return fmt.Sprintf("Only UDP %s did not pass; UDP %s passed cold in the same run.", ports(mediaPorts(shut)), ports(mediaPorts(open)))
}

func mediaPorts(calls []call) []uint16 {
	var out []uint16
	for _, c := range calls {
		out = append(out, c.facts.Responder.Advertised.Port())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rtpForward is the rule that a router needs: "udp 10000-20000 -> 192.168.1.10".
func (v *view) rtpForward(shut []call) string {
	what := "the UDP range that holds " + ports(mediaPorts(shut))
	if r := v.Responder; r != nil && r.RTP.To != 0 {
		what = "udp " + r.RTP.String()
	}
	host := v.media(shut[0])
	if host == "" {
		host = "the responder's inside address"
	}
	return what + " -> " + host
}

// media is the inside address that media must be forwarded to.
func (v *view) media(c call) string {
	a := c.facts.Responder.Media.Local.Addr()
	if v.Responder != nil {
		a = v.home(a)
	}
	if !a.IsValid() || a.IsUnspecified() {
		return ""
	}
	return a.String()
}

// rtpNeeds: no call showed what the site lets in by itself.
func rtpNeeds(v *view) string {
	if slices.ContainsFunc(v.calls, v.coldTested) || inboundNeeds(v) == "" {
		return ""
	}
	return "a call in which the responder listens before it sends, to a media address that the client can reach"
}
