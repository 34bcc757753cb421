package diagnosis

import (
	"net/netip"
	"slices"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// A leg is one direction of a call's audio, as both ends recorded it.
type leg struct {
	direction        scenarios.Direction
	sender, receiver *evidence.CallEnd // nil when that end's record is missing
	state            legState
	// sent and received count packets; they mean nothing while state is unknown.
	sent, received int64
	// errors counts packets that the sender's own machine did not take.
	errors int64
	// nowhere is true when the sender had no address that it may send to.
	nowhere bool
	// brief is true where the call was over before the sender had said enough to tell.
	brief bool
	// brokenMs is for how long the line was interrupted, where nothing can be told for that reason; else 0.
	brokenMs float64
	// slowByeMs is how long the BYE took where it shows the same, else 0.
	slowByeMs float64
	// begunBroken is true where the line was interrupted when the call began, so that nothing is known cold.
	begunBroken bool
	// limited is true when the scenario says how late the first packet may come.
	limited bool
}

// A legState says what became of a direction.
type legState int

const (
	unknown legState = iota // a record is missing, or run, call or line ended before there was enough audio
	local                   // the sender's own machine could not send
	dead                    // no audio arrived
	held                    // the other end held the call, so that nothing was to be sent
	alive
)

// Limits that tell audio from stray packets.
const (
	minPackets   = 10 // fewer packets than these are not audio
	minShare     = 20 // nor is less than a 20th of those sent
	enoughToTell = 25 // half a second of audio
)

func newLeg(ev *evidence.Evidence, c *evidence.Check, d scenarios.Direction, sender, receiver *evidence.CallEnd) leg {
	l := leg{direction: d, sender: sender, receiver: receiver, limited: c.Call != nil && c.Call.MaxFirstPacketMs > 0}
	if sender == nil || receiver == nil || sender.Media == nil || receiver.Media == nil {
		return l
	}
	l.sent, l.received = sender.SentPackets(), receiver.ReceivedPackets()
	l.errors = localErrors(ev, sender)
	l.nowhere = l.sent < enoughToTell && total(sender.Media.Sent.RefusedDestinations) > l.sent
	switch {
	case l.received >= minPackets && l.received*minShare >= l.sent:
		l.state = alive
	case l.sent < enoughToTell && heldAtLength(sender):
		l.state = held
	case l.errors > l.sent:
		l.state = local
	case l.sent < enoughToTell && !l.nowhere && ev.Run.Interrupted != "":
		l.state = unknown
	case l.sent < enoughToTell && !l.nowhere && (sender.Fault != "" || receiver.Fault != ""):
		l.state = local
	case l.cutShort():
		l.state, l.brief = unknown, true
	default:
		l.state = dead
	}
	return l
}

// cutShort reports whether an end that knew where to send, and met no obstacle, sent too little to tell: the call was
// over before, as where it waited for an ACK that was lost.
func (l leg) cutShort() bool {
	to, sent := l.sender.Heard, l.sender.Media.Sent
	return l.sent < enoughToTell && to != nil && to.IsValid() && !to.Addr().IsUnspecified() &&
		len(sent.Errors)+len(sent.RefusedDestinations) == 0
}

// heldAtLength reports whether an end was told in the call to send nothing.
func heldAtLength(sender *evidence.CallEnd) bool {
	return slices.ContainsFunc(sender.Moments, func(m evidence.Moment) bool { return m.Took() && !m.Sends })
}

// localErrors counts the packets that the machine of an end did not take. Not
// counted are what the network said by ICMP, what the end of the call cut off, and
// addresses without a route that the other end should not have advertised.
func localErrors(ev *evidence.Evidence, end *evidence.CallEnd) int64 {
	var n int64
	for _, e := range end.Media.Sent.Errors {
		switch e.Kind {
		case "connection-refused", "closed":
			continue
		case "network-unreachable", "host-unreachable", "invalid-address":
			if end.Heard != nil && foreign(ev, end.Heard.Addr()) {
				continue
			}
		}
		n += max(e.Count, 0)
	}
	return n
}

func total(ds []rtpprobe.Destination) int64 {
	var n int64
	for _, d := range ds {
		n += max(d.Packets, 0)
	}
	return n
}

// lostPercent is the share of packets that did not arrive; null when a ledger is
// missing or nothing was sent.
func (l leg) lostPercent() *float64 {
	if l.sender == nil || l.receiver == nil || l.sender.Media == nil || l.receiver.Media == nil || l.sent == 0 {
		return nil
	}
	return new(100 * float64(max(l.sent-l.received-l.spurned(), 0)) / float64(l.sent))
}

// lostEvents counts the packets of digits that did not arrive: they are no audio, and judged by themselves.
func (l leg) lostEvents() (n int64) {
	if sent, heard := l.dialled(); sent == nil || heard == nil {
		return 0
	}
	for _, d := range l.sender.Media.Sent.Digits {
		n += d.Packets
	}
	for _, d := range l.receiver.Media.Received.Digits {
		n -= d.Packets
	}
	return max(n, 0)
}

// spurned counts packets that arrived and were not taken, because the receiver latches strictly.
func (l leg) spurned() int64 { return max(l.receiver.Media.Received.StrictDropped, 0) }

// judgedPercent is the loss that is judged: where nothing arrived before the receiver
// sent for the first time, a closed door kept those packets out, and not a bad line; nor
// did that lose what the machines at the ends missed.
func (l leg) judgedPercent() *float64 {
	first := int64(0)
	if lead := l.lead(); l.shutOut() && lead < l.sent {
		first = lead
	}
	if n := l.clipped(); n >= enoughToTell && l.limited && n < l.sent {
		first = max(first, n) // it is judged by itself
	}
	left := l.sent - first - l.lostEvents()
	whole := l.lostPercent()
	if whole == nil || left <= 0 {
		return whole
	}
	return new(100 * float64(max(left-l.received-l.spurned()-l.missedHere(), 0)) / float64(left))
}

// lead is how many packets were sent while the receiver only listened, 0 when unknown.
func (l leg) lead() int64 {
	if l.sender == nil || l.sender.Lead == nil {
		return 0
	}
	return l.sender.Lead.Packets
}

// cold reports whether the receiver listened for a while before it sent.
func (l leg) cold() bool {
	if l.begunBroken || l.receiver == nil || l.receiver.Cold == nil {
		return false
	}
	return l.receiver.Cold.WaitedMs >= minColdMs && l.receiver.Cold.LateMs < standstillMs
}

// shutOut reports whether nothing arrived while the receiver had not sent.
// One that had sent next to nothing by then stood still itself.
func (l leg) shutOut() bool {
	return l.cold() && l.receiver.Cold.Packets == 0 && l.lead() >= minPackets
}

// ends names the two ends, the sender first.
func (l leg) ends() (sender, receiver string) {
	if l.direction == scenarios.Inbound {
		return "client", "responder"
	}
	return "responder", "client"
}

// to is where most packets of the leg went, invalid when nowhere.
func (l leg) to() netip.AddrPort {
	if l.sender == nil || l.sender.Media == nil {
		return netip.AddrPort{}
	}
	var best rtpprobe.Destination
	for _, s := range l.sender.Streams() {
		for _, d := range s.Sent.Destinations {
			if d.Packets > best.Packets || !best.Address.IsValid() {
				best = d
			}
		}
	}
	return best.Address
}

// wentTo reports whether most packets of the leg went to an address, or none went anywhere.
func (l leg) wentTo(a netip.Addr) bool {
	to := l.to().Addr()
	return !to.IsValid() || to.Unmap() == a.Unmap()
}

// lostTo reports whether the leg is dead, and an address is why: its packets went there, or were not let go there.
func (l leg) lostTo(a netip.Addr) bool { return l.state == dead && l.wentTo(a) }

// standstillMs is by how much a machine must be late for what it has not counted in time to say nothing.
const standstillMs = 100

// minColdMs is how long an end must have listened before silence counts.
const minColdMs = 500
