package diagnosis

import (
	"strconv"
	"strings"

	"bothways/internal/evidence"
	"bothways/sipprobe"
	"bothways/sipprobe/sipdiff"
)

// A passage is a message that one end sent, with what differs in what arrived.
type passage struct {
	evidence.Passage
	diffs []diff // one for each of the Arrivals
	check string // ID of its check, empty for what belongs to none
	// form is that of a request of a rewriting check, empty for others; aside is true
	// for those between two ports that are not SIP's.
	form  string
	aside bool
}

// A diff is what differs in one arrival; empty when it arrived as it was sent.
type diff struct {
	copies  int
	changes []sipdiff.Change
	note    string // why the message went no further at the end that received it
}

func newPassages(ev *evidence.Evidence) []passage {
	var out []passage
	for _, p := range ev.Passages() {
		one := passage{Passage: p}
		one.belong(ev)
		for _, a := range p.Arrivals {
			changes := sipdiff.Compare(p.Sent.Data, a.Received.Data)
			checkSource(changes, a.Received)
			one.diffs = append(one.diffs, diff{a.Copies, changes, a.Received.Note})
		}
		out = append(out, one)
	}
	excuseProxies(out)
	return out
}

// checkSource takes back the allowance of a noted source that is not the one that the
// message came from: no server notes that. Behind a proxy the note is about the proxy's
// own socket, which nobody here knows.
func checkSource(changes []sipdiff.Change, arrived sipprobe.Record) {
	for _, c := range changes {
		if c.Allowed == sipdiff.ByProxy {
			return
		}
	}
	for i := range changes {
		c := &changes[i]
		if c.Allowed != sipdiff.ByServer {
			continue
		}
		if c.After != arrived.Remote.Addr().String() && c.After != strconv.Itoa(int(arrived.Remote.Port())) {
			c.Allowed = sipdiff.NotAllowed
		}
	}
}

// rewritten reports whether something changed that no SIP hop may change.
func (d diff) rewritten() bool {
	for _, c := range d.changes {
		if c.Allowed == sipdiff.NotAllowed {
			return true
		}
	}
	return false
}

// rewritten reports whether an arrival of the message was rewritten.
func (p passage) rewritten() bool {
	for _, d := range p.diffs {
		if d.rewritten() {
			return true
		}
	}
	return false
}

// intact reports whether the message arrived, and each time as SIP hops may leave it.
func (p passage) intact() bool { return len(p.diffs) > 0 && !p.rewritten() }

// secret reports whether nothing on the way can read the message.
func (p passage) secret() bool { return p.Sent.Transport == sipprobe.TLS }

// belong finds the check that the message belongs to, by its token.
func (p *passage) belong(ev *evidence.Evidence) {
	for i := range ev.Checks {
		c := &ev.Checks[i]
		if c.ID == p.Token {
			p.check = c.ID
			return
		}
		form, ok := strings.CutPrefix(p.Token, c.ID+"-")
		if c.Rewriting == nil || !ok || len(c.ID) < len(p.check) {
			continue
		}
		p.check = c.ID
		p.form, p.aside = strings.CutPrefix(strings.TrimSuffix(form, "-again"), "aside-")
	}
}

// tapesNeeds: what became of a message is known from both tapes alone.
func tapesNeeds(v *view) string {
	if !v.Whole() {
		return "the whole tapes of both ends"
	}
	for _, p := range v.passages {
		if !p.secret() && len(p.diffs) > 0 {
			return ""
		}
	}
	return "SIP that passes over UDP or TCP, in clear text"
}
