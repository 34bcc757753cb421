package diagnosis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

// A TLS is what a check of a TLS port showed, with what is wrong with it.
type TLS struct {
	Facts *evidence.TLSFacts
	// Issues are those that the check is about, see [tlsprobe.Judge].
	Issues []tlsprobe.Issue
	// FromResponder is true when the certificate is the one that the responder presents,
	// false when it is another; null when that is not known.
	FromResponder *bool
}

// A tlsPort is one check of a TLS port.
type tlsPort struct {
	check  *evidence.Check
	facts  *evidence.TLSFacts
	owner  owner
	issues []tlsprobe.Issue
	// now is when it was asked, by the best clock that there is; zero for that of the facts.
	now time.Time
	// disputed are issues of dates that only one end's clock sees, and inside is when it
	// was asked by the responder's.
	disputed []tlsprobe.Issue
	inside   time.Time
}

// An owner is whoever presents the certificate of a TLS port.
type owner int

const (
	// nobodyKnown: the responder should answer there, and its ledger does not say what
	// it presents.
	nobodyKnown owner = iota
	// noResponder: the port is not one of the responder's. What is seen is a fact of
	// whatever serves there.
	noResponder
	responderMade  // the responder, with a certificate that it made for itself
	responderGiven // the responder, with a certificate that it was given
	interceptor    // something that passes what it reads on to the responder
	another        // something else than the responder
)

func (v *view) newTLSPort(c *evidence.Check) tlsPort {
	p := tlsPort{check: c, facts: c.TLSFacts, owner: ownerOf(v.Evidence, c)}
	terms := tlsprobe.Terms{MinVersion: scenarios.DefaultMinVersion}
	if t := c.TLS; t != nil {
		terms = tlsprobe.Terms{MinVersion: t.MinVersion, Name: p.facts.Name, MinDaysLeft: t.MinDaysLeft, Trusted: t.Trust == scenarios.TrustPublic}
	}
	p.now, p.inside = v.clocks(p.facts.Result.Time)
	p.issues = p.about(p.now, terms)
	if !p.inside.IsZero() {
		p.compare(p.about(p.inside, terms))
	}
	return p
}

// about are the issues at a time that are not those of a certificate which does not count.
func (p tlsPort) about(now time.Time, terms tlsprobe.Terms) (out []tlsprobe.Issue) {
	terms.Now = now
	for _, i := range tlsprobe.Judge(p.facts.Result, terms) {
		if p.owner == noResponder || p.owner == responderGiven || i.Certificate == nil {
			out = append(out, i)
		}
	}
	return out
}

func ownerOf(ev *evidence.Evidence, c *evidence.Check) owner {
	if !sipTLSPort(ev, c) {
		return noResponder
	}
	own, seen := ev.Responder.Presents(), c.TLSFacts.Result.Chain
	switch {
	case own == nil || len(seen) == 0:
		return nobodyKnown
	case seen[0].SHA256 == own.SHA256[0] && own.SelfMade:
		return responderMade
	case seen[0].SHA256 == own.SHA256[0]:
		return responderGiven
	}
	passed, answered := false, false
	for _, x := range tlsExchanges(ev) {
		answered = true
		passed = passed || x.connect.PeerSHA256 == seen[0].SHA256
	}
	switch {
	case passed:
		return interceptor
	case answered: // the same port, and another certificate for the pairing
		return nobodyKnown
	}
	return another
}

// sipTLSPort reports whether a check is about the port on which the responder should answer.
func sipTLSPort(ev *evidence.Evidence, c *evidence.Check) bool {
	if c.TLS == nil || c.TLS.Port == 0 {
		return true
	}
	a := attemptOver(ev, sipprobe.TLS)
	return a != nil && a.Connect != nil && a.Connect.Remote.Port() == c.TLS.Port
}

// A tlsExchange is a request over a connection whose certificate was noted, which the
// responder has answered with proof of the key.
type tlsExchange struct {
	what, check string
	connect     *evidence.Connect
}

func tlsExchanges(ev *evidence.Evidence) (out []tlsExchange) {
	add := func(what, check string, c *evidence.Connect, x *sipprobe.Exchange) {
		if c != nil && c.Result == "open" && c.PeerSHA256 != "" && x != nil && x.Outcome == sipprobe.Accepted {
			out = append(out, tlsExchange{what, check, c})
		}
	}
	for _, a := range ev.Pairing.Attempts {
		add("The pairing over TLS", "", a.Connect, a.Exchange)
	}
	for i := range ev.Checks {
		if o := ev.Checks[i].Options; o != nil {
			add("Check "+ev.Checks[i].ID, ev.Checks[i].ID, o.Connect, &o.Exchange)
		}
	}
	return out
}

func (v *view) judgeTLS(out *CheckVerdict, p tlsPort) {
	out.TLS = &TLS{Facts: p.facts, Issues: p.issues}
	switch p.owner {
	case responderMade, responderGiven:
		out.TLS.FromResponder = new(true)
	case interceptor, another:
		out.TLS.FromResponder = new(false)
	}
	out.Verdict, out.Summary = p.verdict(), p.summary()
	if p.facts.Result.Ordinary.Outcome != tlsprobe.Accepted && sipTLSPort(v.Evidence, p.check) && v.unbound(sipprobe.TLS) {
		out.Verdict = Inconclusive
		out.Summary += "; the responder could not listen there"
	}
}

func (p tlsPort) verdict() Verdict {
	ordinary := p.facts.Result.Ordinary
	worst := Pass
	for _, i := range p.issues {
		switch i.Severity {
		case tlsprobe.Error:
			return Fail
		case tlsprobe.Warning:
			worst = Degraded
		}
	}
	switch {
	case ordinary.Outcome == tlsprobe.NotTested, ordinary.Undecided(), p.facts.Connect != nil && p.facts.Connect.Result == "local":
		return Inconclusive
	case ordinary.Outcome != tlsprobe.Accepted, p.owner == interceptor, p.owner == another:
		return Fail
	case p.open() != "" || len(p.disputed) > 0:
		return Inconclusive
	}
	return worst
}

// open says what the check asks for and could not be judged, empty when that is nothing.
func (p tlsPort) open() string {
	t := p.check.TLS
	if t == nil || t.Trust != scenarios.TrustPublic && t.ServerName == "" {
		return ""
	}
	switch {
	case p.owner == responderMade:
		return "the responder made this certificate for itself, so that of the PBX is not known"
	case p.owner == nobodyKnown:
		return "whose certificate it is, is not known"
	case t.Trust == scenarios.TrustPublic && p.facts.Result.Trust == nil:
		return "this machine has no root certificates to judge it by"
	}
	return ""
}

func (p tlsPort) summary() string {
	r := p.result()
	if r.Ordinary.Outcome != tlsprobe.Accepted {
		return p.unanswered()
	}
	parts := []string{Versions(r)}
	if len(r.Chain) > 0 {
		parts = append(parts, p.certificate())
	}
	for _, i := range p.issues {
		if i.Severity != tlsprobe.Note && i.Code != tlsprobe.VersionTooOld {
			parts = append(parts, strings.Replace(TLSIssue(r, i), "the certificate "+r.Chain[0].Name()+" ", "it ", 1))
		}
	}
	if open := p.open(); open != "" {
		parts = append(parts, open)
	}
	if len(p.disputed) > 0 {
		parts = append(parts, p.dispute())
	}
	return strings.Join(parts, "; ")
}

func (p tlsPort) unanswered() string {
	o := p.facts.Result.Ordinary
	switch {
	case p.facts.Connect != nil:
		return connected(sipprobe.TCP, p.facts.Connect)
	case o.Outcome == tlsprobe.NotConnected:
		return "no TCP connection could be opened" + because(o.Error)
	case o.Outcome == tlsprobe.Refused && o.Alert != "":
		return "every version of TLS was refused (" + o.Alert + ")"
	case o.Outcome == tlsprobe.Refused:
		return "the server chose " + o.Chosen + ", which nobody offered"
	case o.Outcome == tlsprobe.Closed:
		return "the connection was closed before the server said anything"
	case o.Outcome == tlsprobe.TimedOut:
		return "the TCP connection opened, and the server said nothing"
	case o.Outcome == tlsprobe.NotTLS:
		return "this is no TLS server: it " + o.Error
	}
	return "not tested" + because(o.Error)
}

func (p tlsPort) certificate() string {
	r := p.facts.Result
	name := r.Chain[0].Name()
	switch p.owner {
	case responderMade:
		return "the responder's own certificate arrives unchanged"
	case interceptor:
		return fmt.Sprintf("the certificate is not the one that the responder presents, but one of %s", r.Chain[0].IssuerName())
	case another:
		return fmt.Sprintf("the certificate %s is not the responder's: something else answers here", name)
	case responderGiven:
		return fmt.Sprintf("the responder's certificate %s arrives unchanged%s", name, p.left())
	}
	return "certificate " + name + p.left()
}

// left is how long the server's certificate is valid yet, empty where an issue says so.
func (p tlsPort) left() string {
	for _, i := range slices.Concat(p.issues, p.disputed) {
		if i.DaysLeft != nil && *i.Certificate == 0 {
			return ""
		}
	}
	r := p.result()
	return fmt.Sprintf(", %s left", count(tlsprobe.DaysLeft(r.Chain[0], r.Time), "day"))
}

// Versions says which versions of TLS a server accepts: "TLS 1.2 and 1.3 accepted, 1.0
// and 1.1 refused".
func Versions(r tlsprobe.Result) string {
	var order []tlsprobe.Outcome
	groups := make(map[tlsprobe.Outcome][]string)
	for _, h := range r.Versions {
		if groups[h.Outcome] == nil {
			order = append(order, h.Outcome)
		}
		groups[h.Outcome] = append(groups[h.Outcome], h.Offered)
	}
	slices.SortStableFunc(order, func(a, b tlsprobe.Outcome) int {
		return strings.Compare(fmt.Sprint(a != tlsprobe.Accepted), fmt.Sprint(b != tlsprobe.Accepted))
	})
	var parts []string
	for _, o := range order {
		parts = append(parts, list(groups[o])+" "+outcomeWord(o))
	}
	return "TLS " + strings.Join(parts, ", ")
}

func outcomeWord(o tlsprobe.Outcome) string {
	switch o {
	case tlsprobe.Closed:
		return "closed without a word"
	case tlsprobe.TimedOut:
		return "without an answer"
	case tlsprobe.NotTLS:
		return "answered with something else"
	case tlsprobe.NotConnected:
		return "not connected"
	case tlsprobe.NotTested:
		return "not tested"
	}
	return string(o)
}
