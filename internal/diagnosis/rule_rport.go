package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/sipdiff"
)

// rportIgnored: a request arrived that asked for its answer at its source port, and
// the answer left for the port in its Via and did not arrive.
func rportIgnored(v *view) []Finding {
	var out []Finding
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		f := Finding{Direction: d, values: values{"role": roleOf(d)}}
		told := make(map[string]bool)
		answers := v.answersBy(d)
		for _, q := range v.asked(opposite(d)) {
			for _, p := range answers[q.branch] {
				if !q.moved() || !q.misses(p) || p.Sent.Remote.Port() != q.via || len(p.Arrivals) > 0 || told[p.about()] {
					continue
				}
				told[p.about()] = true
				f.tell(account{check: p.about(), short: fmt.Sprintf("from %s, answered to %s", q.source, p.Sent.Remote),
					long: fmt.Sprintf("%s came from %s and asked for rport; the %s sent its %d to %s, the port in Via, and it did not arrive",
						q.name, q.source, senderOf(d), p.Status, p.Sent.Remote)})
			}
		}
		out = append(out, f.found()...)
	}
	return out
}

// about is the check that a message belongs to, in words.
func (p passage) about() string {
	if p.check == "" {
		return "pairing"
	}
	return p.check
}

// senderOf is the program that sends in a direction, roleOf what it stands for.
func senderOf(d scenarios.Direction) string {
	if d == scenarios.Inbound {
		return "client"
	}
	return "responder"
}

func roleOf(d scenarios.Direction) string {
	if d == scenarios.Inbound {
		return "far side"
	}
	return "PBX"
}

// A question is a request over UDP as it arrived.
type question struct {
	name, branch  string
	way           scenarios.Direction // of the request
	source, local netip.AddrPort      // where it came from, and where it arrived
	via           uint16              // the port in its Via
	asks          bool                // for its answer at its source port
}

// moved reports whether the source port is not the one in Via, and the answer wanted there.
func (q question) moved() bool { return q.asks && q.via != q.source.Port() }

// misses reports whether an answer leaves for another place than the question wants.
func (q question) misses(p passage) bool { return q.asks && p.Sent.Remote != q.source }

// asked lists the questions that arrived in a direction.
func (v *view) asked(d scenarios.Direction) []question {
	var out []question
	for _, p := range v.passages {
		if p.Direction != d || p.Sent.Transport != sipprobe.UDP || p.Status != 0 {
			continue
		}
		for _, a := range p.Arrivals {
			if q, ok := questionOf(p, a); ok {
				out = append(out, q)
			}
		}
	}
	return out
}

func questionOf(p passage, a evidence.Arrival) (question, bool) {
	m := sipdiff.Parse(a.Received.Data)
	_, asks := m.Field("Via[0] rport")
	branch, _ := m.Field("Via[0] branch")
	port := sipprobe.UDP.DefaultPort()
	if text, ok := m.Field("Via[0] port"); ok {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return question{}, false
		}
		port = uint16(n)
	}
	return question{p.Name(), branch, p.Direction, a.Received.Remote, a.Received.Local, port, asks}, branch != ""
}

// answersBy are the responses over UDP that went in a direction, by the branch of what
// they answer.
func (v *view) answersBy(d scenarios.Direction) map[string][]passage {
	out := make(map[string][]passage)
	for _, p := range v.passages {
		if p.Direction == d && p.Status != 0 && p.Sent.Transport == sipprobe.UDP {
			out[p.Branch] = append(out[p.Branch], p)
		}
	}
	return out
}

// strays reports whether a response over UDP left for another place than the one that
// asked, or from another port than the one that was asked: what becomes of it says
// nothing about the flow of the question.
func (v *view) strays(p passage) bool {
	if p.Status == 0 || p.Sent.Transport != sipprobe.UDP {
		return false
	}
	return slices.ContainsFunc(v.asked(opposite(p.Direction)), func(q question) bool {
		return q.branch == p.Branch && (q.misses(p) || q.local.Port() != p.Sent.Local.Port())
	})
}

// rportNeeds: only where a NAT gives an end's requests another source port does
// it show where answers go.
func rportNeeds(v *view) string {
	if !v.Whole() {
		return "the whole tapes of both ends"
	}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		answers := v.answersBy(opposite(d))
		for _, q := range v.asked(d) {
			if q.moved() && len(answers[q.branch]) > 0 {
				return ""
			}
		}
	}
	return "requests over UDP whose source port is another than the one in their Via, as from a client behind a NAT that changes ports"
}
