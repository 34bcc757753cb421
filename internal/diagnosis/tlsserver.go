package diagnosis

import (
	"fmt"
	"slices"

	"bothways/internal/evidence"
	"bothways/sipprobe/tlsprobe"
)

// ServerSchema names the JSON form of a Server.
const ServerSchema = "bothways/tls/v1"

// A Server is what one TLS server showed, without a responder behind it, and what is
// wrong with it.
type Server struct {
	Schema string `json:"schema"`
	// Target is what the user typed.
	Target  string  `json:"target"`
	Verdict Verdict `json:"verdict"`
	// Summary is the verdict in one sentence.
	Summary string `json:"summary"`
	// Name is the one that the certificate must bear; null when that was not judged.
	Name   *string         `json:"name"`
	Result tlsprobe.Result `json:"result"`
	Issues []ServerIssue   `json:"issues"`
}

// A ServerIssue is one thing that is wrong with a server.
type ServerIssue struct {
	tlsprobe.Issue
	// Text says it in words.
	Text string `json:"text"`
	// Cause is the code of the catalogue, empty where it has none.
	Cause string `json:"cause,omitempty"`
	// Remedy holds the steps to take, in order.
	Remedy []string `json:"remedy"`
}

// JudgeServer says what is wrong with a server.
func JudgeServer(target string, r tlsprobe.Result, t tlsprobe.Terms) Server {
	s := Server{Schema: ServerSchema, Target: target, Result: r, Issues: []ServerIssue{}, Verdict: Pass}
	if t.Name != "" {
		s.Name = &t.Name
	}
	port := tlsPort{owner: noResponder, issues: tlsprobe.Judge(r, t), facts: &evidence.TLSFacts{Port: r.Remote.Port(), Name: t.Name, Result: r}}
	for _, i := range port.issues {
		s.Issues = append(s.Issues, port.serverIssue(i, t))
		switch {
		case i.Severity == tlsprobe.Error:
			s.Verdict = Fail
		case i.Severity == tlsprobe.Warning && s.Verdict == Pass:
			s.Verdict = Degraded
		}
	}
	switch {
	case r.Ordinary.Undecided():
		s.Verdict = Inconclusive
	case r.Ordinary.Outcome == tlsprobe.Refused || r.Ordinary.Outcome == tlsprobe.NotTLS:
		s.Verdict = Fail
	case r.Ordinary.Outcome != tlsprobe.Accepted:
		s.Verdict = Inconclusive // seen from one side: the network or the server
	case s.Verdict == Pass && t.Trusted && r.Trust == nil:
		s.Verdict = Inconclusive
	}
	slices.SortStableFunc(s.Issues, func(a, b ServerIssue) int { return rank(a.Severity) - rank(b.Severity) })
	s.Summary = port.headline(s)
	return s
}

// rank puts the worst first.
func rank(s tlsprobe.Severity) int {
	return slices.Index([]tlsprobe.Severity{tlsprobe.Error, tlsprobe.Warning, tlsprobe.Note}, s)
}

func (p tlsPort) serverIssue(i tlsprobe.Issue, t tlsprobe.Terms) ServerIssue {
	out := ServerIssue{Issue: i, Text: sentence(TLSIssue(p.facts.Result, i)), Cause: TLSCode(i.Code), Remedy: []string{}}
	words := values{"port": fmt.Sprintf("TCP %d", p.facts.Port), "min": "TLS " + t.MinVersion}
	if i.Certificate != nil {
		p.describe(words, i)
	}
	if entry, ok := find(out.Cause); ok {
		out.Remedy = words.fillAll(entry.Remedy)
		return out
	}
	switch i.Code {
	case tlsprobe.ExpiresSoon:
		out.Remedy = []string{"Renew the certificate before that, and automate it."}
	case tlsprobe.WeakKey:
		out.Remedy = []string{"Make a new key, RSA with 2048 bits or more or ECDSA P-256, and have the certificate issued again."}
	case tlsprobe.WeakSignature:
		out.Remedy = []string{"Have the certificate issued again, signed with SHA-256."}
	case tlsprobe.NoVersion:
		out.Remedy = []string{"Switch TLS 1.2 or 1.3 on."}
	case tlsprobe.RootSent, tlsprobe.LooseCertificate:
		out.Remedy = []string{"Leave it out of the chain file."}
	}
	return out
}

func (p tlsPort) headline(s Server) string {
	if s.Result.Ordinary.Outcome != tlsprobe.Accepted {
		return sentence(p.unanswered())
	}
	wrong := slices.DeleteFunc(slices.Clone(s.Issues), func(i ServerIssue) bool { return i.Severity == tlsprobe.Note })
	switch {
	case len(wrong) > 1:
		return fmt.Sprintf("%s And %d more.", wrong[0].Text, len(wrong)-1)
	case len(wrong) == 1:
		return wrong[0].Text
	case s.Verdict == Inconclusive:
		return "Whether the certificate can be trusted is not known: this machine has no root certificates."
	}
	return sentence(Versions(s.Result)) + " The certificate is in order."
}
