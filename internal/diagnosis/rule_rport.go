package diagnosis

import (
	"fmt"
	"net/netip"
	"strconv"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/sipdiff"
)

// rportIgnored: a request arrived that asked for its answer at its source port, and
// the answer left for the port in its Via and did not arrive.
func rportIgnored(v *view) []Finding {
	f := Finding{Direction: scenarios.Outbound}
	told := make(map[string]bool)
	for _, q := range v.asked() {
		for _, p := range v.answersTo(q) {
			if p.Sent.Remote == q.source || p.Sent.Remote.Port() != q.via || len(p.Arrivals) > 0 {
				continue
			}
			check := p.check
			if check == "" {
				check = "pairing"
			}
			if told[check] {
				continue
			}
			told[check] = true
			f.tell(account{check: check, short: fmt.Sprintf("from %s, answered to %s", q.source, p.Sent.Remote),
				long: fmt.Sprintf("%s came from %s and asked for rport; the responder sent its %d to %s, the port in Via, and it did not arrive",
					q.name, q.source, p.Status, p.Sent.Remote)})
		}
	}
	return f.found()
}

// A question is a request over UDP whose source port is not the one in its Via, and
// that asks for its answer at the former.
type question struct {
	name, branch string
	source       netip.AddrPort
	via          uint16
}

// asked lists the questions that arrived at the responder.
func (v *view) asked() []question {
	var out []question
	for _, p := range v.passages {
		if p.Direction != scenarios.Inbound || p.Sent.Transport != sipprobe.UDP || p.Status != 0 {
			continue
		}
		for _, a := range p.Arrivals {
			if q, ok := questionOf(p.Name(), a); ok {
				out = append(out, q)
			}
		}
	}
	return out
}

func questionOf(name string, a evidence.Arrival) (question, bool) {
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
	return question{name, branch, a.Received.Remote, port}, asks && branch != "" && port != a.Received.Remote.Port()
}

// answersTo are the responses that the responder sent to a question.
func (v *view) answersTo(q question) []passage {
	return v.passed(scenarios.Outbound, func(p passage) bool {
		return p.Status != 0 && p.Sent.Transport == sipprobe.UDP && p.Branch == q.branch
	})
}

// rportNeeds: only where a NAT gives the client's requests another source port does
// it show where answers go.
func rportNeeds(v *view) string {
	if !v.Whole() {
		return "the whole tapes of both ends"
	}
	for _, q := range v.asked() {
		if len(v.answersTo(q)) > 0 {
			return ""
		}
	}
	return "requests over UDP whose source port is another than the one in their Via, as from a client behind a NAT that changes ports"
}
