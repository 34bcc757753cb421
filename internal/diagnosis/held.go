package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/service"
)

// A Proof is what shows that a port that the PBX holds leads to the PBX.
type Proof string

// The proofs, the strongest first.
const (
	// ByCapture: what the client sent was counted on the responder's machine.
	ByCapture Proof = "capture"
	// ByCertificate: the same certificate is presented outside and inside.
	ByCertificate Proof = "certificate"
	// ByProtocol: the answer is one of the protocol, as another machine might give it.
	ByProtocol Proof = "protocol"
)

// Service is what the program that holds a port said of itself, from outside and from inside.
type Service struct {
	// Outside and Inside are null when nobody asked.
	Outside, Inside *service.Said
	// Proof is empty unless the PBX itself answered.
	Proof Proof
}

// A heldPort is what is concluded of a port that another program on the responder's machine
// holds, from what was said there in the port's own protocol.
type heldPort struct {
	result PortResult
	proof  Proof // of PortByPBX
	// certain is whether nothing of the client arrived at the machine, of PortAnotherHost.
	certain bool
	// why says what is in doubt, of PortInUse.
	why string
}

// asked reports whether the client asked the program that holds the port.
func (p portTest) asked() bool { return p.facts.Outside != nil }

// atMachine is what was counted at a held port before the machine's firewall; nil when
// that is not known, or when the count shows nothing of this client at all, and so may be
// none.
func atMachine(ev *evidence.Evidence, c *evidence.Check) *evidence.CapturedHeld {
	if ev.Responder == nil || c.Port == nil {
		return nil
	}
	seen := ev.Responder.Capture
	h := seen.HeldPort(string(c.Transport), c.Port.Number)
	if h == nil || !seen.SawClient() {
		return nil
	}
	return h
}

// judgeHeld weighs what was said. Silence, and a peer that hangs up, prove nothing: a PBX
// may keep strangers out.
func (p portTest) judgeHeld() heldPort {
	out, in := p.facts.Outside, p.facts.Inside
	arrived := p.seen != nil && p.seen.FromClient > 0
	// A router that forwards under its own address would hide the client.
	nothing := p.seen != nil && p.seen.FromClient == 0 && p.seen.FromOthers == 0
	switch {
	case out == nil:
		return heldPort{result: PortInUse, why: "not tested"}
	case out.Outcome == service.NotSent || out.Connect == "local":
		return heldPort{result: PortInUse, why: "the client's machine did not let the question out" + because(out.Error)}
	case nothing && (out.Spoke() || out.Connect == "open"):
		return heldPort{result: PortAnotherHost, certain: true}
	case nothing:
		return heldPort{result: PortRequestLost}
	case out.Outcome == service.Fits:
		return answeredHeld(out, in, arrived, p.opened)
	case out.Outcome == service.Unfit && in != nil && in.Outcome == service.Fits && !arrived:
		return heldPort{result: PortAnotherHost}
	case arrived && p.connected() && (in == nil || in.Outcome != service.Fits || !out.Spoke()):
		return heldPort{result: PortByPBX, proof: ByCapture}
	case arrived:
		return heldPort{result: PortInUse, why: "what the client sent reached the machine" + p.acknowledged() + ", and the program did not answer as its port's protocol wants it; it may keep strangers out"}
	}
	return heldPort{result: PortInUse, why: "whether it reached the PBX is not known: that takes the right to capture on the responder's machine, or a PBX that is stopped"}
}

// answeredHeld weighs an answer that fits. Where something on the path opens TLS, its
// certificate says nothing of the machine behind it.
func answeredHeld(out, in *service.Said, arrived, opened bool) heldPort {
	inside := in != nil && in.Outcome == service.Fits
	certificates := inside && out.CertificateSHA256 != "" && in.CertificateSHA256 != ""
	same := certificates && out.CertificateSHA256 == in.CertificateSHA256
	switch {
	case certificates && !same && arrived:
		return heldPort{result: PortInUse, why: "the certificate is not the one that is presented inside, though the client's connection reached the machine"}
	case certificates && !same && opened:
		return heldPort{result: PortInUse, why: "the certificate is not the one that is presented inside, as it must be where something on the path opens TLS"}
	case certificates && !same:
		return heldPort{result: PortAnotherHost}
	case arrived:
		return heldPort{result: PortByPBX, proof: ByCapture}
	case same:
		return heldPort{result: PortByPBX, proof: ByCertificate}
	case in != nil && !inside:
		return heldPort{result: PortInUse, why: "asked the same from inside, the program that holds it did not answer, so another machine may have"}
	case inside && out.Software != "" && in.Software != "" && out.Software != in.Software && out.Protocol != service.NTP:
		return heldPort{result: PortInUse, why: fmt.Sprintf("outside it calls itself %q and inside %q, so another machine may have answered", clip(out.Software), clip(in.Software))}
	}
	return heldPort{result: PortByPBX, proof: ByProtocol}
}

// connected reports whether the machine took a connection that the client had open: it
// was reached, whatever it makes of strangers.
func (p portTest) connected() bool {
	return p.facts.Outside.Connect == "open" && p.seen.Answers > 0
}

func (p portTest) acknowledged() string {
	if p.udp() {
		return ""
	}
	return fmt.Sprintf(", which took the connection %s of %d times", timesOrNever(p.seen.Answers), p.seen.FromClient)
}

func timesOrNever(n int64) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

// heldSummary is the line of a check whose port was asked.
func (p portTest) heldSummary() string {
	words := p.spoken(p.facts.Outside)
	switch p.held.result {
	case PortByPBX:
		switch {
		case p.held.proof == ByProtocol:
			return "answered as by the PBX itself" + words + "; " + p.proven()
		case !p.facts.Outside.Spoke():
			return "the PBX itself took the connection" + words + "; " + p.proven()
		}
		return "answered by the PBX itself" + words + "; " + p.proven()
	case PortAnotherHost:
		if p.held.certain {
			return "answered by another machine" + words + "; nothing arrived at the responder's"
		}
		return "answered by another machine" + words + "; inside" + p.spoken(p.facts.Inside)
	case PortRequestLost:
		return "held by another program inside" + words + "; nothing arrived at its machine"
	}
	return "held by another program inside" + words + "; " + p.held.why
}

// proven says by what the PBX is known to have answered.
func (p portTest) proven() string {
	switch p.held.proof {
	case ByCapture:
		return "what the client sent was counted on the responder's machine"
	case ByCertificate:
		return "its certificate is the one that is presented inside"
	}
	return "by protocol, not by proof: another machine that runs the same would answer as well"
}

// spoken is what was said, after a colon.
func (p portTest) spoken(s *service.Said) string {
	if s == nil {
		return ""
	}
	words := []string{}
	switch {
	case s.Outcome == service.NotConnected:
		words = append(words, p.connection(&knock.Attempt{Connect: s.Connect, ConnectMs: s.ConnectMs, Error: s.Error}))
	case s.Outcome == service.Silent:
		words = append(words, "no answer")
	case s.Outcome == service.Closed:
		words = append(words, "the connection was closed without a word")
	case s.Line != "":
		words = append(words, fmt.Sprintf("%q", clip(s.Line)))
	}
	if s.Software != "" {
		words = append(words, fmt.Sprintf("%q", clip(s.Software)))
	}
	if s.CertificateSHA256 != "" {
		words = append(words, fmt.Sprintf("certificate %s (SHA-256 begins %s)", clip(s.CertificateSubject), s.CertificateSHA256[:min(8, len(s.CertificateSHA256))]))
	}
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, ", ")
}

// question is what was asked, in words.
func (p portTest) question() string {
	return fmt.Sprintf("the client asked %s in its own protocol (%s)", p.facts.Outside.Remote, p.facts.Outside.Protocol)
}

// heldAccount tells of a held port that is answered by another machine, or not at all.
func (v *view) heldAccount(p portTest) account {
	a := account{check: p.check.ID, kind: "asked-" + string(p.result) + fmt.Sprint(p.held.certain), short: p.name()}
	a.long = p.question() + p.spoken(p.facts.Outside)
	switch {
	case p.result == PortRequestLost || p.held.certain:
		a.long += fmt.Sprintf("; a count on the responder's machine, before its firewall, shows that nothing arrived there at %s, which another program holds, while it shows other packets of the client", p.name())
	default:
		a.long += fmt.Sprintf("; the program that holds %s on the responder's machine answers the same question otherwise%s", p.name(), p.spoken(p.facts.Inside))
		if p.facts.Outside.CertificateSHA256 != "" {
			a.long += "; a reverse proxy that shall be there, and an antivirus program on the client's machine, look the same"
		}
	}
	return a
}
