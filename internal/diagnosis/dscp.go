package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
)

// DSCP is what a check of marks has shown.
type DSCP struct {
	// Marks are in the order in which they were sent.
	Marks []MarkSeen
}

// A MarkSeen is what became of packets that were sent with one mark.
type MarkSeen struct {
	Mark rtpprobe.Mark
	// Sent and Arrived count packets; null when that end's record is missing.
	Sent, Arrived *int64
	// As are the marks that they arrived with; null where the system does not tell.
	As []rtpprobe.MarkCount
}

// A marking is a check of marks with both ends' records joined.
type marking struct {
	check *evidence.Check
	facts *evidence.DSCPFacts
	marks []MarkSeen
	known bool // both records are there, and marks could be set
	read  bool // and read
}

func newMarking(c *evidence.Check) marking {
	m := marking{check: c, facts: c.DSCPFacts}
	sent, got := m.facts.Sent, m.facts.Arrived
	m.known = sent != nil && got != nil && len(sent.Marks) > 0 && len(got.Marks) > 0
	m.read = m.known && got.Unread == ""
	for _, mark := range rtpprobe.Marks() {
		seen := MarkSeen{Mark: mark}
		if sent != nil {
			for _, s := range sent.Marks {
				if s.Mark == mark {
					seen.Sent = &s.Packets
				}
			}
		}
		if got != nil {
			for _, a := range got.Marks {
				if a.Mark == mark {
					seen.Arrived, seen.As = &a.Packets, a.As
				}
			}
		}
		m.marks = append(m.marks, seen)
	}
	return m
}

// Limits of what a few packets tell.
const (
	// minSent packets of a mark must have left before it counts as dropped, and minArrived
	// have arrived before they tell what became of it.
	minSent, minArrived = 8, 5
	// mostArrived is the share of unmarked packets that must arrive for others to be held
	// against them, mostAlike that of a mark's packets that must arrive alike.
	mostArrived, mostAlike = .7, .9
)

func portion(part, all int64) float64 { return float64(part) / float64(max(all, 1)) }

// decided reports whether unmarked packets passed, which all else is held against.
func (m marking) decided() bool {
	if !m.known {
		return false
	}
	plain := m.marks[0]
	return plain.Sent != nil && plain.Arrived != nil && *plain.Arrived >= minArrived && portion(*plain.Arrived, *plain.Sent) >= mostArrived
}

// changed are the marks that arrive as another one.
func (m marking) changed() (out []MarkSeen) {
	if !m.decided() || !m.read {
		return nil
	}
	for _, s := range m.marks {
		if to, ok := s.became(); ok && to != s.Mark {
			out = append(out, s)
		}
	}
	return out
}

// became is the mark that nearly all packets of a mark arrived with; none when too few
// arrived to tell.
func (s MarkSeen) became() (rtpprobe.Mark, bool) {
	if s.Arrived == nil || *s.Arrived < minArrived || len(s.As) == 0 {
		return 0, false
	}
	return s.As[0].Mark, portion(s.As[0].Packets, *s.Arrived) >= mostAlike
}

// dropped are the marks of which nothing arrived, while unmarked packets did.
func (m marking) dropped() (out []MarkSeen) {
	if !m.decided() {
		return nil
	}
	for _, s := range m.marks {
		if s.Sent != nil && *s.Sent >= minSent && s.Arrived != nil && *s.Arrived == 0 {
			out = append(out, s)
		}
	}
	return out
}

func (v *view) judgeDSCP(out *CheckVerdict, m marking) {
	out.DSCP = &DSCP{Marks: m.marks}
	changed, dropped := m.changed(), m.dropped()
	switch f := m.facts; {
	case f.Sent != nil && f.Sent.Unable != "":
		out.Verdict, out.Summary = Skipped, "nothing was marked: "+f.Sent.Unable
	case !m.known:
		out.Verdict, out.Summary = Inconclusive, "a record is missing"+because(f.Missing)
	case len(dropped) > 0:
		out.Verdict = Degraded
		for _, s := range dropped {
			if s.Mark == rtpprobe.EF {
				out.Verdict = Fail
			}
		}
		out.Summary = strings.Join(append([]string{markNames(dropped) + " is dropped, unmarked packets pass"}, changes(changed)...), "; ")
	case !m.decided():
		out.Verdict, out.Summary = Inconclusive, m.undecided()
	case len(changed) > 0:
		out.Verdict, out.Summary = Degraded, strings.Join(changes(changed), "; ")
	case !m.read:
		out.Verdict, out.Summary = Skipped, "packets of every mark arrive; with which mark is not known: "+f.Arrived.Unread
	case m.mixed() != "":
		out.Verdict, out.Summary = Inconclusive, m.mixed()
	default:
		out.Verdict, out.Summary = Pass, markNames(m.marks)+" arrive as they were sent"
	}
}

func (m marking) undecided() string {
	plain := m.marks[0]
	if plain.Arrived != nil && *plain.Arrived == 0 {
		return "no packet arrived, of whatever mark, at a media port: see the checks of ports and calls"
	}
	return "too few unmarked packets arrived to hold the marked ones against"
}

// mixed says which marks did not arrive alike, empty when all did.
func (m marking) mixed() string {
	var out []string
	for _, s := range m.marks {
		if _, ok := s.became(); !ok {
			out = append(out, s.Mark.String())
		}
	}
	if len(out) == 0 {
		return ""
	}
	return "too few packets arrived alike to tell what becomes of " + list(out)
}

func markNames(marks []MarkSeen) string {
	var out []string
	for _, s := range marks {
		out = append(out, s.Mark.String())
	}
	return list(out)
}

// changes say what became of marks: "EF and AF31 arrive as CS0".
func changes(changed []MarkSeen) (out []string) {
	var order []rtpprobe.Mark
	by := make(map[rtpprobe.Mark][]MarkSeen)
	for _, s := range changed {
		to, _ := s.became()
		if by[to] == nil {
			order = append(order, to)
		}
		by[to] = append(by[to], s)
	}
	for _, to := range order {
		verb := "arrives"
		if len(by[to]) > 1 {
			verb = "arrive"
		}
		out = append(out, fmt.Sprintf("%s %s as %s", markNames(by[to]), verb, to))
	}
	return out
}

// dscpChanged: marks arrive as others, or marked packets are dropped where unmarked ones
// pass in the same flow.
func dscpChanged(v *view) []Finding {
	var out []Finding
	for _, d := range bothDirections() {
		f := Finding{Direction: d, values: values{}}
		for _, m := range v.markings {
			if m.check.Direction != d {
				continue
			}
			changed, dropped := m.changed(), m.dropped()
			if len(dropped) > 0 {
				f.values["title"] = fmt.Sprintf("Packets marked %s are dropped on the way", markNames(dropped))
				f.tell(m.account("dropped", markNames(dropped), "of packets sent with %s none arrived", dropped))
			}
			if len(changed) > 0 {
				f.tell(m.account("changed", strings.Join(changes(changed), ", "), strings.Join(changes(changed), " and ")+"%.0s", changed))
			}
		}
		out = append(out, f.found()...)
	}
	return out
}

func (m marking) account(kind, short, text string, marks []MarkSeen) account {
	plain := m.marks[0]
	return account{
		check: m.check.ID, kind: kind, short: short,
		long: way(m.check.Direction) + ", " + fmt.Sprintf(text, markNames(marks)) +
			fmt.Sprintf(" (%d of each were sent in one flow; %d of %d unmarked ones arrived)", m.check.DSCP.Packets, *plain.Arrived, *plain.Sent),
	}
}

// dscpNeeds: no check shows what becomes of marks.
func dscpNeeds(v *view) string {
	for _, m := range v.markings {
		if m.decided() && m.read {
			return ""
		}
	}
	return "a check of marks between two media ports that packets reach, as in the scenario path; the sending end on Linux or macOS, the other on Linux"
}
