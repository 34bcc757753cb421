package diagnosis

import (
	"fmt"
	"strings"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// Size is what a check of sizes has shown. Sizes are those of SIP messages in bytes.
type Size struct {
	// PassedBytes is the largest below which nothing is lost, LostBytes the smallest that
	// is lost; null when there is none.
	PassedBytes, LostBytes *int
	// Steps rise by their size.
	Steps []SizeStep
	// Whole is the same for datagrams that must not be fragmented; null over TCP and TLS,
	// and where the sender's system lets no program forbid it.
	Whole *Size
	// PathMTU is what the sender took for the path's MTU when all was over, LinkMTU that of
	// its own link; null where it does not tell.
	PathMTU, LinkMTU *int
}

// A SizeStep is one message.
type SizeStep struct {
	Bytes  int
	Copies int
	// Arrived is null when the records do not tell.
	Arrived *bool
	// Answered reports whether an answer came back.
	Answered bool
	// Refused is true where the sender's machine would not send it in one piece.
	Refused bool
}

func (l ladder) measured() *Size {
	if len(l.rungs) == 0 {
		return nil
	}
	s := sizeOf(l.rungs)
	s.PathMTU, s.LinkMTU = l.facts.MTU, l.facts.LinkMTU
	if len(l.whole) > 0 {
		s.Whole = sizeOf(l.whole)
	}
	return s
}

func sizeOf(rungs []rung) *Size {
	s := &Size{}
	for _, r := range rungs {
		step := SizeStep{Bytes: r.Bytes, Copies: r.Copies, Answered: r.Status != 0, Refused: r.landing == refused}
		if r.landing == arrived || r.landing == lost {
			step.Arrived = new(r.landing == arrived)
		}
		s.Steps = append(s.Steps, step)
		bytes := r.Bytes
		switch {
		case r.landing == lost && s.LostBytes == nil:
			s.LostBytes = &bytes
		case r.landing == arrived && s.LostBytes == nil:
			s.PassedBytes = &bytes
		}
	}
	return s
}

// usualBytes is what SIP takes over UDP by the rules: a larger request goes over TCP
// (RFC 3261 section 18.1.1).
const usualBytes = 1300

func (v *view) judgeSize(out *CheckVerdict, l ladder) {
	out.Size = l.measured()
	name := strings.ToUpper(string(l.check.Transport))
	switch {
	case len(l.rungs) == 0:
		out.Verdict, out.Summary = Inconclusive, "nothing could be sent"+because(l.facts.Missing)
	case !l.known:
		out.Verdict, out.Summary = Inconclusive, "the other end's tape is missing, so that nothing is known of what arrived"
	case sipprobe.Transport(l.check.Transport) == sipprobe.UDP:
		out.Verdict, out.Summary = v.judgeDatagrams(l)
	default:
		out.Verdict, out.Summary = l.judgeConnections(name)
	}
}

// judgeDatagrams judges a ladder over UDP.
func (v *view) judgeDatagrams(l ladder) (Verdict, string) {
	gone := with(l.rungs, lost)
	switch cut := with(l.rungs, arrivedCut); {
	case len(cut) > 0:
		return Fail, fmt.Sprintf("messages of %s arrive cut short over UDP", sizes(cut))
	case len(with(l.rungs, arrived)) == 0 && len(gone) > 0:
		return Inconclusive, "nothing arrived over UDP, of whatever size"
	case len(with(l.rungs, unknownLanding)) > 0:
		return Inconclusive, fmt.Sprintf("what became of %s over UDP is not known%s", sizes(with(l.rungs, unknownLanding)), because(l.facts.Missing))
	case len(gone) == 0:
		return l.judgeWhole()
	}
	verdict := Degraded
	if gone[0] <= usualBytes {
		verdict = Fail
	}
	if e, ok := edgeOf(l.rungs, l.again); ok {
		return verdict, fmt.Sprintf("up to %s bytes pass over UDP, %s", grouped(e.passed), beyond(e)) + v.elsewhere(l.check.Direction, e)
	}
	if e, ok := l.vanish(); ok && l.between(gone, e) {
		return verdict, fmt.Sprintf("%s are lost over UDP, smaller messages and larger ones, which travel in fragments, pass", sizes(gone))
	}
	return Inconclusive, fmt.Sprintf("%s were lost over UDP, each three times, and others passed; sizes do not explain that", sizes(gone))
}

// between reports whether all sizes that are lost are above an edge, and too small to be
// fragmented by the sender.
func (l ladder) between(gone []int, e edge) bool {
	mtu, _ := l.mtu()
	return gone[0] > e.passed && gone[len(gone)-1]+l.header <= mtu
}

func beyond(e edge) string {
	if e.steps == 1 {
		return fmt.Sprintf("%s do not", grouped(e.lost))
	}
	return fmt.Sprintf("%s and more do not", grouped(e.lost))
}

// elsewhere says what passes in the same direction over connections.
func (v *view) elsewhere(d scenarios.Direction, e edge) string {
	var all, none []string
	for _, l := range v.climbed(d, sipprobe.TCP, sipprobe.TLS) {
		name := strings.ToUpper(string(l.check.Transport))
		switch most := l.largest(); {
		case most >= e.lost:
			all = append(all, name)
		case most > 0:
			none = append(none, name)
		}
	}
	switch {
	case len(all) > 0:
		return fmt.Sprintf("; over %s they pass", list(all))
	case len(none) > 0:
		return fmt.Sprintf("; over %s neither", list(none))
	}
	return ""
}

// judgeWhole judges a ladder of which nothing was lost that routers may fragment.
func (l ladder) judgeWhole() (Verdict, string) {
	text := fmt.Sprintf("all sizes pass over UDP, up to %s bytes", grouped(l.largest()))
	if e, ok := l.vanish(); ok {
		return Degraded, text + fmt.Sprintf("; in one piece only up to %s, and nobody says so", grouped(e.passed))
	}
	if mtu, told := l.mtu(); told && l.facts.LinkMTU != nil && mtu < min(*l.facts.LinkMTU, largestPacket) {
		text += fmt.Sprintf("; the sender has learned that the path's MTU is %s", grouped(mtu))
	}
	return Pass, text
}

// largestPacket is the largest of IPv4, for links like the loopback whose MTU is beyond.
const largestPacket = 65_535

// judgeConnections judges a ladder over TCP or TLS.
func (l ladder) judgeConnections(name string) (Verdict, string) {
	gone := with(l.rungs, lost)
	if e, ok := l.stalled(); ok {
		return Fail, fmt.Sprintf("up to %s bytes pass over %s, at %s the connection stalls, and again on a fresh one", grouped(e.passed), name, grouped(e.lost))
	}
	switch {
	case len(with(l.rungs, arrivedCut)) > 0:
		return Fail, fmt.Sprintf("messages of %s arrive cut short over %s", sizes(with(l.rungs, arrivedCut)), name)
	case len(with(l.rungs, unknownLanding)) > 0:
		return Inconclusive, fmt.Sprintf("what became of %s over %s is not known%s", sizes(with(l.rungs, unknownLanding)), name, because(l.facts.Missing))
	case len(gone) > 0:
		return Inconclusive, fmt.Sprintf("a connection stalled at %s bytes over %s, and not as firmly again%s", grouped(gone[0]), name, because(l.facts.Missing))
	case len(l.rungs) < len(l.check.Size.Bytes):
		return Inconclusive, fmt.Sprintf("up to %s bytes arrived over %s, and no answer came back to go on%s", grouped(l.largest()), name, because(l.facts.Missing))
	}
	return Pass, fmt.Sprintf("all sizes pass over %s, up to %s bytes", name, grouped(l.largest()))
}

// sizes names sizes in bytes: one, or the first and the last of several.
func sizes(list []int) string {
	if len(list) == 1 {
		return grouped(list[0]) + " bytes"
	}
	return fmt.Sprintf("%s to %s bytes", grouped(list[0]), grouped(list[len(list)-1]))
}
