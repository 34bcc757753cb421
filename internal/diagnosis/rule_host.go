package diagnosis

import (
	"fmt"
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// captured is what was counted on the responder's machine before its firewall; nil when
// nothing was.
func (v *view) captured() *evidence.Capture {
	if v.Responder == nil || v.Responder.Capture == nil || v.Responder.Capture.Missing != "" {
		return nil
	}
	return v.Responder.Capture
}

// minAtMachine is how many copies of a request must have reached the machine, and none the
// program: one may be lost for want of room.
const minAtMachine = 3

// minConnects is how many attempts to connect the machine must have left unanswered.
const minConnects = 2

// hostDrops says how the responder's machine kept a transport from the responder, which
// listened; empty when that is not known.
func (v *view) hostDrops(c contact) string {
	seen := v.captured()
	if seen == nil || !c.wanted || !c.failed() || !v.Responder.Listening(c.transport) || c.responder == nil || c.responder.ReceivedRequests > 0 {
		return ""
	}
	if c.transport == sipprobe.UDP {
		kept := seen.SIP - v.received(c.transport)
		if kept < minAtMachine {
			return ""
		}
		return fmt.Sprintf("UDP: %s of this run reached the responder's machine and not the responder, which was listening on %s, by a count before its firewall.",
			count(kept, "message"), v.inside(c.transport))
	}
	for _, s := range v.Responder.Sockets {
		for _, t := range seen.TCP {
			if s.Transport == c.transport && s.Error == "" && s.Address.Port() == t.Port && t.SYN >= minConnects && t.Answers == 0 {
				return fmt.Sprintf("%s: the client's attempts to connect reached the responder's machine (%s), which did not answer them; the responder was listening on %s.",
					c.transport, count(t.SYN, "segment"), v.inside(c.transport))
			}
		}
	}
	return ""
}

// received is how many messages of the run the responder had over a transport, its tape
// being whole.
func (v *view) received(t sipprobe.Transport) (n int64) {
	for _, r := range v.Responder.Tape {
		if r.Transport == t && !r.Sent {
			n++
		}
	}
	return n
}

// hostShuts says how many packets of a call reached the responder's machine and not its
// socket, as far as the client's first packets or all of them are concerned; 0 when that
// is not known.
func (v *view) hostShuts(c call) int64 {
	seen := v.captured()
	if seen == nil || c.in.state == unknown || c.in.received > 0 && !c.in.shutOut() {
		return 0
	}
	port := c.facts.Responder.Media.Local.Port()
	arrived, _ := seen.Packets(port)
	kept := arrived - v.heardAt(port)
	missing := c.in.sent
	if c.in.received > 0 {
		missing = c.in.lead()
	}
	if kept < minPackets || 2*kept < missing {
		return 0
	}
	return kept
}

// heardAt is how many packets the responder's sockets for calls had at a port.
func (v *view) heardAt(port uint16) (n int64) {
	for _, c := range v.calls {
		if r := c.facts.Responder; r != nil && r.Media != nil && r.Media.Local.Port() == port {
			n += heard(r.Media.Received)
		}
	}
	return n
}

func heard(r rtpprobe.Received) int64 {
	return r.Packets + r.Duplicated + r.Strays + r.Untagged + r.Control + r.Malformed + total(r.RefusedSources)
}

// hostSwept is how many of a sweep's packets reached the responder's machine and not its
// sockets; 0 when they are fewer than half of the ports that nothing reached, or reached
// fewer than half of these ports. Where a forward shifts ports nothing is known: what the
// machine counts at a port was sent to another one, beyond the open ports too.
func (v *view) hostSwept(s sweep) int64 {
	seen := v.captured()
	if seen == nil || !s.is(scenarios.Inbound) || s.RequestLost.IsZero() || !s.WrongPort.IsZero() {
		return 0
	}
	// Ports that a sweep outwards was sent from have its answers as well.
	sources := v.sweptFrom()
	ports, lost := s.facts.Sent.Ports.Minus(sources), s.RequestLost.Minus(sources)
	var kept, atLost int64
	reached := 0
	for _, p := range seen.UDP {
		n := p.Ports.Intersect(lost).Len()
		reached, atLost = reached+n, atLost+p.Packets*int64(n)
		kept += p.Packets * int64(p.Ports.Intersect(ports).Len())
	}
	for _, other := range v.sweeps {
		for f := other.facts; f != nil; f = f.Primed {
			if a := f.Arrived; other.is(scenarios.Inbound) && a != nil {
				kept -= a.Packets + a.Foreign
				if a.LocalDrops != nil {
					kept -= *a.LocalDrops
				}
			}
		}
	}
	for _, c := range v.calls {
		if r := c.facts.Responder; r != nil && r.Media != nil {
			kept -= heard(r.Media.Received)
		}
	}
	kept = min(kept, atLost)
	if kept < minPackets || 2*kept < int64(lost.Len()) || 2*reached < lost.Len() {
		return 0
	}
	return kept
}

// sweptFrom are the responder's ports that sweeps outwards were sent from.
func (v *view) sweptFrom() rtpprobe.PortSet {
	return rtpprobe.PortSetOf(func(yield func(uint16) bool) {
		for _, s := range v.sweeps {
			if s.check.Direction != scenarios.Outbound || s.facts.Sent == nil {
				continue
			}
			for _, port := range slices.Concat(s.facts.Sent.Locals, roundLocals(s.facts.Sent.Rounds)) {
				if !yield(port) {
					return
				}
			}
		}
	})
}

func roundLocals(rounds []rtpprobe.SentRound) (ports []uint16) {
	for _, r := range rounds {
		ports = append(ports, r.Locals...)
	}
	return ports
}

// routed returns the inbound sweeps whose losses are not the responder's own machine's.
func (v *view) routed() []sweep {
	return slices.DeleteFunc(v.swept(scenarios.Inbound), func(s sweep) bool { return v.hostSwept(s) > 0 })
}

// hostFirewall: what the client sent was counted on the responder's machine, and the
// responder's sockets did not get it.
func hostFirewall(v *view) []Finding {
	f := Finding{Direction: scenarios.Inbound, values: values{}}
	var lines, ports []string
	for _, c := range v.transports {
		if line := v.hostDrops(c); line != "" {
			lines, ports = append(lines, line), append(ports, v.port(c))
			f.transports = append(f.transports, c.transport)
			f.Checks = append(f.Checks, c.ids()...)
		}
	}
	media := false
	for _, c := range v.established() {
		if n := v.hostShuts(c); n > 0 {
			media = true
			f.tell(account{c.check.ID, "", fmt.Sprintf("%s; %s for it reached the machine by a count before its firewall", c.in.story(), count(n, "packet")),
				c.in.numbers() + fmt.Sprintf(", %d more at the machine", n)})
		}
	}
	for _, s := range v.swept(scenarios.Inbound) {
		if n := v.hostSwept(s); n > 0 {
			media = true
			f.tell(account{s.check.ID, "sweep", fmt.Sprintf("%s of the sweep did not reach the responder, and %s more than it received reached its machine, by a count before its firewall",
				sized(s.RequestLost), amount(n, "packet")), grouped(n)})
		}
	}
	if media && v.Responder.RTP.To != 0 {
		ports = append(ports, "UDP "+v.Responder.RTP.String())
	}
	f.values["ports"] = list(ports)
	f.Evidence = lines
	out := f.found()
	if bad := v.badChecksums(); len(out) > 0 && bad > 0 {
		out[0].Confidence = Likely
		out[0].Evidence = append(out[0].Evidence, fmt.Sprintf("The machine also dropped %s with a wrong checksum meanwhile, which end the same way.", count(bad, "UDP packet")))
	}
	return out
}

func (v *view) badChecksums() int64 {
	if seen := v.captured(); seen != nil && seen.BadChecksums != nil {
		return *seen.BadChecksums
	}
	return 0
}

// hostNeeds: nothing was counted on the responder's machine.
func hostNeeds(v *view) string {
	switch {
	case v.captured() != nil:
		return ""
	case v.Responder == nil:
		return "the responder's ledger"
	case v.Responder.Capture == nil:
		return "a responder that counts what reaches its machine: on Linux, with the right to capture (CAP_NET_RAW, or root)"
	case v.Responder.Capture.Mixed:
		return "a run of its own: " + v.Responder.Capture.Missing
	}
	return "a responder on Linux with the right to capture (CAP_NET_RAW, or root): " + v.Responder.Capture.Missing
}
