package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/scenarios"
	"bothways/sipprobe"
)

func (v *view) judgePort(out *CheckVerdict, p portTest) {
	out.Port = p.measured()
	if k := p.facts.Knocked; k != nil {
		if a := k.Answered(); a != nil {
			out.RTTMs = a.RTTMs
		}
	}
	out.Summary = p.name()
	if out.Port.Purpose != "" {
		out.Summary += " (" + out.Port.Purpose + ")"
	}
	if p.closed() {
		v.judgeClosed(out, p)
		return
	}
	out.Verdict = p.verdict()
	out.Summary += ": " + p.summary()
}

// verdict: a port that another program holds could not be tested. What reaches the
// client on another port was moved by a NAT before the client: it did leave the site.
func (p portTest) verdict() Verdict {
	switch p.result {
	case PortOpen, PortByPBX:
		return Pass
	case PortInUse:
		if p.asked() {
			return Inconclusive
		}
		return Skipped
	case PortInconclusive:
		return Inconclusive
	case PortWrong:
		if p.check.Direction == scenarios.Outbound {
			return Degraded
		}
	}
	return Fail
}

func (p portTest) summary() string {
	if p.asked() {
		return p.heldSummary()
	}
	_, receiver := p.ends()
	switch p.result {
	case PortOpen:
		return fmt.Sprintf("open, the %s answered%s", receiver, in(p.facts.Knocked.Answered().RTTMs))
	case PortInUse:
		return fmt.Sprintf("another program on the %s's machine holds it; not tested", receiver)
	case PortWrong:
		return fmt.Sprintf("arrived on port %d of the %s", p.arrivedOn(), receiver)
	case PortReplyLost:
		return fmt.Sprintf("%s arrived, and %s", p.knocks(p.heard()), p.noProof())
	case PortAnotherHost:
		return fmt.Sprintf("%s; nothing arrived at the %s", p.another(), receiver)
	case PortRequestLost:
		return p.lost() + "; nothing arrived" + p.said()
	}
	return p.doubt()
}

// knocks counts knocks, which are connections over TCP.
func (p portTest) knocks(n int) string {
	if p.udp() {
		return count(n, "knock")
	}
	return count(n, "knock") + " over TCP"
}

func (p portTest) noProof() string {
	if a := p.facts.Knocked.Another(); a != nil {
		return "what came back was not the answer" + heads(a.Stranger)
	}
	return "no answer came back"
}

// another says what answered in the other end's place.
func (p portTest) another() string {
	k := p.facts.Knocked
	if a := k.Another(); a != nil {
		return "answered by something else" + heads(a.Stranger)
	}
	if a := p.openTo(); a != nil && a.Outcome == knock.Closed {
		return "something else took the connection and closed it"
	}
	return "something else took the connection and said nothing"
}

// heads quotes the first bytes of a stranger's answer.
func heads(s *knock.Stranger) string {
	switch {
	case s == nil || s.Bytes == 0:
		return ""
	case strings.HasPrefix(s.Head, "hex "):
		return fmt.Sprintf(" (%s, in hexadecimal %s)", count(s.Bytes, "byte"), clip(strings.TrimPrefix(s.Head, "hex ")))
	}
	return fmt.Sprintf(" (%s: %q)", count(s.Bytes, "byte"), clip(s.Head))
}

// clip keeps what fits into a line.
func clip(s string) string {
	const most = 47
	if len(s) <= most {
		return s
	}
	return s[:most] + " ..."
}

// lost says how the knocks ended, of which none arrived.
func (p portTest) lost() string {
	a := p.telling()
	if p.udp() || a == nil {
		return count(p.sent(), "knock") + " sent"
	}
	return p.connection(a)
}

// connection says how the opening of a connection ended.
func (p portTest) connection(a *knock.Attempt) string {
	c := &evidence.Connect{Result: a.Connect, Error: a.Error}
	if a.ConnectMs != nil {
		c.DurationMs = *a.ConnectMs
	}
	return connected(sipprobe.TCP, c)
}

// said is what ICMP said, empty when it said nothing.
func (p portTest) said() string {
	var words []string
	for _, i := range p.facts.Knocked.ICMP {
		words = append(words, icmpWords(i.Meaning)+by(i))
	}
	if len(words) == 0 {
		return ""
	}
	return "; ICMP: " + list(words)
}

func by(i knock.ICMP) string {
	if !i.From.IsValid() {
		return ""
	}
	return " by " + i.From.String()
}

// doubt says why nothing can be said.
func (p portTest) doubt() string {
	sender, receiver := p.ends()
	k, h := p.facts.Knocked, p.facts.Heard
	switch {
	case h != nil && h.NotHung != "":
		return p.notHung()
	case h == nil:
		return fmt.Sprintf("the %s's ledger is missing", receiver) + because(p.facts.Missing)
	case k == nil:
		return fmt.Sprintf("the %s's ledger is missing", sender) + because(p.facts.Missing)
	case p.sent() == 0:
		return fmt.Sprintf("the %s's machine did not take the knocks%s", sender, because(p.localError()))
	case len(h.Arrivals) > 0:
		return fmt.Sprintf("%s arrived, and the %s did not answer them%s", p.knocks(p.heard()), receiver, because(p.unanswered()))
	case h.Error != "":
		return fmt.Sprintf("the %s could not go on listening: %s", receiver, h.Error)
	}
	return fmt.Sprintf("none of the %s's knocks arrived as it was sent; %s arrived that proved nothing", sender, p.strange())
}

func (p portTest) strange() string {
	noun := "connection"
	if p.udp() {
		noun = "datagram"
	}
	return count(p.facts.Heard.Strangers, noun)
}

// notHung says why the receiving end could not listen.
func (p portTest) notHung() string {
	_, receiver := p.ends()
	h := p.facts.Heard
	switch h.NotHung {
	case knock.NotPermitted:
		return fmt.Sprintf("the %s lacks the right to listen there%s", receiver, because(h.Error))
	case knock.NoFiles:
		return fmt.Sprintf("the %s had no file descriptors or memory left to listen there", receiver)
	case knock.Own:
		return fmt.Sprintf("the %s itself uses the port", receiver)
	}
	return fmt.Sprintf("the %s could not listen there%s", receiver, because(h.Error))
}

func (p portTest) localError() string {
	for _, a := range p.facts.Knocked.Attempts {
		if a.Error != "" {
			return a.Error
		}
	}
	return ""
}

// unanswered is why the bell did not answer knocks that it heard.
func (p portTest) unanswered() string {
	for _, a := range p.facts.Heard.Arrivals {
		switch {
		case a.Refused:
			return fmt.Sprintf("nobody had proven yet to receive at %s", a.Remote.Addr())
		case a.Error != "":
			return a.Error
		}
	}
	return ""
}
