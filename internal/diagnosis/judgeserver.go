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

// A ServerCheck is what a check of somebody else's server has shown. Since such a server keeps
// no ledger for this run, no cause is ever named from it.
type ServerCheck struct {
	scenarios.Server
	Facts *evidence.ServerFacts
	// Trials are judged each for itself, in the order of the facts.
	Trials []ServerTrial
	// FromClient is how the same ended from the client, null where it was not tried.
	FromClient *Verdict
}

// A ServerTrial is the judgement of one address.
type ServerTrial struct {
	Verdict Verdict
	// Text says in a few words what came of it.
	Text string
	// Issues are what is wrong with the certificates.
	Issues []tlsprobe.Issue
}

// An errand is one check of a server, or its control.
type errand struct {
	facts *evidence.ServerFacts
	// clock is what must be added to the asking machine's clock, as a time server of the same run says.
	clock time.Duration
	// machine is who asked.
	machine string
}

func (v *view) judgeServer(out *CheckVerdict, c *evidence.Check) {
	e := v.errandOf(c)
	s := &ServerCheck{Server: *c.Server, Facts: c.ServerFacts}
	out.Server = s
	out.Verdict, out.Summary, s.Trials = e.judge()
	out.RTTMs = e.roundTrip()
	if out.Verdict != Fail && out.Verdict != Inconclusive {
		return
	}
	out.Summary += v.alike(c)
	if c.ServerFacts.Control == nil {
		return
	}
	control := errand{facts: c.ServerFacts.Control, machine: "client"}
	verdict, text, _ := control.judge()
	s.FromClient = &verdict
	switch verdict {
	case Pass, Degraded:
		out.Summary += "; from the client's side it answers"
	case Fail:
		out.Summary += "; from the client's side it fails too (" + text + ")"
	}
}

func (v *view) errandOf(c *evidence.Check) errand {
	e := errand{facts: c.ServerFacts, machine: "responder"}
	if c.Direction == scenarios.Inbound {
		e.machine = "client"
	}
	e.clock, _ = v.timeServer(c.Direction)
	return e
}

// judge judges all addresses: one that answers is enough to pass.
func (e errand) judge() (Verdict, string, []ServerTrial) {
	trials := make([]ServerTrial, len(e.facts.Trials))
	for i, t := range e.facts.Trials {
		trials[i] = e.trial(t)
	}
	switch l := e.facts.Lookup; {
	case l != nil && l.Error != "":
		verdict, text := e.notFound(l)
		return verdict, text, trials
	case len(trials) == 0:
		return Inconclusive, "nothing was recorded" + because(e.facts.Missing), trials
	}
	best := 0
	for i := range trials {
		if better(trials[i].Verdict, trials[best].Verdict) {
			best = i
		}
	}
	verdict, texts := trials[best].Verdict, []string{e.at(best, trials)}
	for i, t := range trials {
		if i == best || t.Verdict == Pass || e.facts.Trials[i].NoRoute != "" {
			continue
		}
		texts = append(texts, e.at(i, trials))
		if verdict == Pass {
			verdict = Degraded
		}
	}
	if verdict == Skipped && e.facts.Trials[best].Forbidden == "" {
		verdict = Inconclusive
	}
	return verdict, strings.Join(texts, "; "), trials
}

// at is what came of one address.
func (e errand) at(i int, trials []ServerTrial) string {
	if trials[i].Verdict == Skipped {
		return trials[i].Text
	}
	return e.facts.Trials[i].Remote.Addr().String() + ": " + trials[i].Text
}

// better orders what came of addresses.
func better(a, b Verdict) bool {
	order := []Verdict{Pass, Degraded, Inconclusive, Fail, Skipped}
	return slices.Index(order, a) < slices.Index(order, b)
}

// notFound says why a name leads nowhere.
func (e errand) notFound(l *evidence.Lookup) (Verdict, string) {
	asked := "the DNS server"
	if len(l.Resolvers) > 0 {
		asked = "the DNS server " + l.Resolvers[len(l.Resolvers)-1].Addr().String()
	}
	switch l.Error {
	case "not-found":
		return Fail, fmt.Sprintf("%s knows no address of %s", asked, l.Name)
	case "timeout":
		return Fail, fmt.Sprintf("%s did not answer when asked for %s, %s in %s", asked, l.Name, times(l.Tries), millis(l.DurationMs))
	case "refused", "unreachable":
		return Fail, fmt.Sprintf("%s could not be reached to ask for %s (%s)", asked, l.Name, l.Error)
	case "failed":
		return Fail, fmt.Sprintf("%s could not look %s up%s", asked, l.Name, because(l.Detail))
	case "not-allowed":
		return Skipped, l.Detail
	}
	return Inconclusive, fmt.Sprintf("%s could not be looked up%s", l.Name, because(l.Detail))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// trial judges one address.
func (e errand) trial(t evidence.ServerTrial) ServerTrial {
	switch {
	case t.Forbidden != "":
		return ServerTrial{Verdict: Skipped, Text: t.Forbidden}
	case t.NoRoute != "":
		return ServerTrial{Verdict: Skipped, Text: fmt.Sprintf("the %s's machine has no way to %s", e.machine, t.Remote.Addr())}
	case t.NTP != nil:
		return e.time(t)
	case t.Connect != nil && t.Connect.Result == "local":
		return ServerTrial{Verdict: Inconclusive, Text: connected(sipprobe.TCP, t.Connect)}
	case t.Connect != nil && t.Connect.Result != "open":
		return ServerTrial{Verdict: Fail, Text: fmt.Sprintf("%s to port %d", connected(sipprobe.TCP, t.Connect), t.Remote.Port())}
	case t.TLS != nil:
		return e.secure(t)
	case t.HTTP != nil:
		verdict, text := web(t.HTTP)
		return ServerTrial{Verdict: verdict, Text: text}
	case t.SIP != nil:
		verdict, text := provider(t)
		return ServerTrial{Verdict: verdict, Text: text}
	case t.Connect != nil:
		return ServerTrial{Verdict: Pass, Text: "takes connections, in " + millis(t.Connect.DurationMs)}
	}
	return ServerTrial{Verdict: Inconclusive, Text: "nothing was recorded" + because(e.facts.Missing)}
}

// secure judges a handshake, and what was asked behind it. Dates are those of the time
// server, where one was asked: the machine's own clock may be what is wrong.
func (e errand) secure(t evidence.ServerTrial) ServerTrial {
	r := *t.TLS
	out := ServerTrial{Verdict: Fail}
	if r.Ordinary.Outcome != tlsprobe.Accepted {
		out.Text = tlsPort{facts: &evidence.TLSFacts{Result: r}}.unanswered()
		if r.Ordinary.Outcome == tlsprobe.NotTested || r.Ordinary.Undecided() {
			out.Verdict = Inconclusive
		}
		return out
	}
	if !r.Ordinary.Complete || len(r.Chain) == 0 {
		out.Text = "the TLS handshake failed" + because(r.Ordinary.Error)
		return out
	}
	now := r.Time.Add(e.clock)
	for _, i := range tlsprobe.Judge(r, tlsprobe.Terms{Name: r.ServerName, Trusted: true, Now: now}) {
		if i.Severity == tlsprobe.Error {
			out.Issues = append(out.Issues, i)
			out.Text = strings.ReplaceAll(TLSIssue(r, i), "the client's machine", "the "+e.machine+"'s machine")
		}
	}
	leaf := r.Chain[0]
	switch {
	case len(out.Issues) > 0:
		if !strings.Contains(out.Text, leaf.IssuerName()) {
			out.Text += fmt.Sprintf(" (signed by %s)", leaf.IssuerName())
		}
		return out
	case r.Trust == nil:
		out.Verdict, out.Text = Inconclusive, fmt.Sprintf("the %s's machine has no root certificates to judge the certificate by", e.machine)
		return out
	}
	out.Verdict = Pass
	out.Text = fmt.Sprintf("TLS %s, certificate %s, %s left", r.Ordinary.Chosen, leaf.Name(), count(tlsprobe.DaysLeft(leaf, now), "day"))
	var verdict Verdict
	var text string
	switch {
	case t.HTTP != nil:
		verdict, text = web(t.HTTP)
	case t.SIP != nil:
		verdict, text = provider(t)
	default:
		return out
	}
	out.Verdict, out.Text = verdict, text+"; "+out.Text
	return out
}

// The answers by which something on the way asks for a login (RFC 9110 section 15.5.8,
// RFC 6585 section 6).
const (
	proxyLogin   = 407
	networkLogin = 511
)

// web judges what a web server said. Any answer is one, also that there is no such page.
func web(a *evidence.HTTPAnswer) (Verdict, string) {
	switch {
	case a.Status == 0:
		return Fail, "takes the connection and gives no answer in HTTP" + because(a.Error)
	case a.Status == proxyLogin || a.Status == networkLogin:
		return Fail, fmt.Sprintf("answers that a login is needed on the way (HTTP %d)", a.Status)
	case a.Status >= 500:
		return Degraded, fmt.Sprintf("answers that it cannot serve (HTTP %d)", a.Status)
	case a.Location != "":
		return Pass, fmt.Sprintf("HTTP %d, leads to %s", a.Status, a.Location)
	}
	return Pass, fmt.Sprintf("HTTP %d", a.Status)
}

// time judges a time server.
func (e errand) time(t evidence.ServerTrial) ServerTrial {
	a := t.NTP
	switch {
	case !a.Answered && t.ICMP != "":
		return ServerTrial{Verdict: Fail, Text: fmt.Sprintf("NTP on port %d is %s, as ICMP says", t.Remote.Port(), t.ICMP)}
	case !a.Answered:
		return ServerTrial{Verdict: Fail, Text: fmt.Sprintf("no valid answer to NTP on port %d, asked %s%s", t.Remote.Port(), times(a.Sent), because(a.Error))}
	case a.Kiss == "" && (a.OffsetMs == nil || a.RTTMs == nil):
		return ServerTrial{Verdict: Degraded, Text: "answers, and tells no time"}
	case a.Kiss != "":
		return ServerTrial{Verdict: Pass, Text: fmt.Sprintf("answers, and asks to be left alone (%s)", a.Kiss)}
	case a.Unsynchronised:
		return ServerTrial{Verdict: Degraded, Text: "answers that its own clock is not set"}
	}
	return ServerTrial{Verdict: Pass, Text: fmt.Sprintf("the time in %s, stratum %d; the %s's clock is %s", millis(*a.RTTMs), a.Stratum, e.machine, off(*a.OffsetMs))}
}

// off says how a clock goes that must be corrected by some milliseconds.
func off(ms float64) string {
	way := "slow"
	if ms < 0 {
		ms, way = -ms, "fast"
	}
	if d := time.Duration(ms) * time.Millisecond; d > 2*time.Minute {
		return d.Round(time.Second).String() + " " + way
	}
	return millis(ms) + " " + way
}

// provider judges an answer to OPTIONS: any is one. Silence proves nothing, since some
// providers ignore whoever is no customer.
func provider(t evidence.ServerTrial) (Verdict, string) {
	x := t.SIP
	switch {
	case x.Status != 0:
		return Pass, "answers OPTIONS with " + status(x) + in(x.RTTMs)
	case t.ICMP != "":
		return Fail, fmt.Sprintf("SIP on port %d is %s, as ICMP says", t.Remote.Port(), t.ICMP)
	case x.Outcome == sipprobe.Silent && t.Connect != nil:
		return Inconclusive, "takes the connection, and does not answer OPTIONS"
	case x.Outcome == sipprobe.Silent:
		return Inconclusive, "does not answer OPTIONS: the provider may ignore them, or something on the way may drop them"
	}
	return Inconclusive, answered(x)
}

// roundTrip is the time from a question to its answer; null without one.
func (e errand) roundTrip() *float64 {
	for _, t := range e.facts.Trials {
		switch {
		case t.SIP != nil && t.SIP.RTTMs != nil:
			return t.SIP.RTTMs
		case t.NTP != nil && t.NTP.RTTMs != nil:
			return t.NTP.RTTMs
		}
	}
	return nil
}

// alike says what answers beside a server that does not: the same one on other ports, and
// other ones on the same port.
func (v *view) alike(c *evidence.Check) string {
	var ports, hosts []string
	for i := range v.Checks {
		other := &v.Checks[i]
		if other.ServerFacts == nil || other.Server == nil || other.Direction != c.Direction || other.ID == c.ID {
			continue
		}
		if verdict, _, _ := v.errandOf(other).judge(); verdict != Pass && verdict != Degraded {
			continue
		}
		same := strings.EqualFold(other.Server.Host, c.Server.Host)
		switch port := fmt.Sprint(other.Server.Port); {
		case same && other.Server.Port != c.Server.Port:
			ports = append(ports, port)
		case !same && other.Server.Port == c.Server.Port && other.Transport == c.Transport:
			hosts = append(hosts, other.Server.Host)
		}
	}
	var out string
	slices.Sort(hosts)
	if hosts = slices.Compact(hosts); len(hosts) > 0 {
		out += fmt.Sprintf("; on port %d %s", c.Server.Port, others(hosts))
	}
	if len(ports) > 0 {
		out += "; the same server answers on port " + list(ports)
	}
	return out
}

func others(hosts []string) string {
	if len(hosts) == 1 {
		return hosts[0] + " answers"
	}
	return count(len(hosts), "other server") + " answer"
}
