package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// noSignalling: the responder answered over no transport at all.
func noSignalling(v *view) []Finding {
	if v.answers() || v.turnedAway() != "" || len(wrongKey(v)) > 0 || v.Run.Interrupted != "" && !v.paired() { // nobody waited for an answer
		return nil
	}
	var lines, ports []string
	network := false
	for _, a := range v.Pairing.Attempts {
		t := try{connect: a.Connect, exchange: a.Exchange}
		network = network || !t.local()
		port := v.port(contact{transport: a.Transport, tries: []try{t}})
		ports = append(ports, strings.Replace(port, "TLS", "TCP", 1)) // as routers call it
		lines = append(lines, fmt.Sprintf("%s to %s: %s.", a.Transport, v.remote(a), t.ended(a.Transport)))
	}
	if !network {
		return nil
	}
	note := "This is what the client alone saw: whether its requests arrived, only the responder could tell."
	if v.dialled() {
		note = "The responder was there: it paired over a connection that it opened outward itself."
	}
	return []Finding{{
		Evidence: append(lines, note),
		values:   values{"address": v.Run.Address.String(), "ports": list(ports)},
	}}
}

// turnedAway says why the responder answered the client and would not be paired,
// empty when that is not so.
func (v *view) turnedAway() string {
	for _, a := range v.Pairing.Attempts {
		if x := a.Exchange; !v.paired() && x != nil && x.Outcome == sipprobe.Refused {
			if x.Error != "" {
				return x.Error
			}
			return status(x)
		}
	}
	return ""
}

// remote is the address that an attempt was made to.
func (v *view) remote(a evidence.Attempt) string {
	switch {
	case a.Exchange != nil && a.Exchange.Remote.IsValid():
		return a.Exchange.Remote.String()
	case a.Connect != nil && a.Connect.Remote.IsValid():
		return a.Connect.Remote.String()
	case v.Run.Address.IsValid():
		return v.Run.Address.String()
	}
	return "an address that was not recorded"
}

// transportUnreachable: a transport of the scenario is not answered while another is.
func transportUnreachable(v *view) []Finding {
	if !v.answers() {
		return nil
	}
	var out []Finding
	for _, c := range v.transports {
		if !c.wanted || !c.failed() || v.unbound(c.transport) {
			continue
		}
		out = append(out, Finding{
			Direction: "inbound", Checks: c.ids(),
			Evidence: []string{v.lastTry(c), v.diedAt(c), "Over " + v.working() + " the responder answered in the same run."},
			values:   values{"transport": v.port(c), "look": lookFor(c)}, transports: []sipprobe.Transport{c.transport},
		})
	}
	return out
}

// lookFor completes "look at what …" for a transport that is not answered.
func lookFor(c contact) string {
	if len(c.all(try.stranger)) > 0 {
		return "answers there instead: the router's own telephony or its ALG, or another machine to which the forward leads"
	}
	return fmt.Sprintf("filters %s on the path, in the router, in the firewall and on the responder's machine", c.transport)
}

// lastTry says how the transport was tried and how that ended.
func (v *view) lastTry(c contact) string {
	t := c.tries[0]
	for _, s := range c.tries {
		if !s.local() {
			t = s
			break
		}
	}
	what := "the first contact"
	if t.check != "" {
		what = "check " + t.check
	}
	return fmt.Sprintf("%s to %s, %s: %s.", c.transport, v.peer(c), what, t.ended(c.transport))
}

// diedAt names the leg at which a transport died, as far as both tapes show it.
func (v *view) diedAt(c contact) string {
	sent := c.client.SentRequests
	switch {
	case len(c.all(try.stranger)) > 0:
		return "Something other than the responder answers at this port."
	case v.Responder == nil:
		return "At which leg it died is unknown: the responder's ledger is missing."
	case !v.Responder.Listening(c.transport):
		return fmt.Sprintf("The responder did not listen for %s.", c.transport)
	case c.responder == nil:
		return "At which leg it died is unknown: the responder's tape is not complete."
	case sent == 0:
		return fmt.Sprintf("No message of it reached the responder, which listened on %s.", v.inside(c.transport))
	case c.responder.ReceivedRequests == 0:
		return fmt.Sprintf("None of the %s reached the responder, which listened on %s.", count(sent, "request"), v.inside(c.transport))
	case c.responder.SentResponses == 0:
		return fmt.Sprintf("%d of %s reached the responder, which did not answer.", c.responder.ReceivedRequests, count(sent, "request"))
	}
	return fmt.Sprintf("%d of %s reached the responder and it answered; of its %s %d arrived at the client.",
		c.responder.ReceivedRequests, count(sent, "request"), count(c.responder.SentResponses, "answer"), c.client.ReceivedResponses)
}

// working names the transports over which the responder answers, or else the
// connection that it opened itself.
func (v *view) working() string {
	var names []string
	for _, c := range v.transports {
		if c.works {
			names = append(names, c.transport.String())
		}
	}
	if len(names) == 0 && v.dialled() {
		return "the connection that it opened outward"
	}
	return list(names)
}

// peer is the responder's address as the client dialled it over a transport.
func (v *view) peer(c contact) string {
	for _, t := range c.tries {
		a := v.remote(evidence.Attempt{Connect: t.connect, Exchange: t.exchange})
		if t.connect != nil || t.exchange != nil {
			return a
		}
	}
	return v.Run.Address.String()
}

// port names a transport with the port that it was tried on: "UDP 5060".
func (v *view) port(c contact) string {
	for _, t := range c.tries {
		if t.exchange != nil && t.exchange.Remote.IsValid() {
			return fmt.Sprintf("%s %d", c.transport, t.exchange.Remote.Port())
		}
		if t.connect != nil && t.connect.Remote.IsValid() {
			return fmt.Sprintf("%s %d", c.transport, t.connect.Remote.Port())
		}
	}
	return c.transport.String()
}

// inside is the address that the responder listened on.
func (v *view) inside(t sipprobe.Transport) string {
	for _, s := range v.Responder.Sockets {
		if s.Transport == t && s.Error == "" {
			return v.specific(s).String()
		}
	}
	return "an address that was not recorded"
}
