package diagnosis

import (
	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// A contact is everything by which one transport was tried from the client: the
// first contact, OPTIONS, and the calls that the client placed.
type contact struct {
	transport sipprobe.Transport
	wanted    bool // the scenario has a check over it
	tries     []try
	works     bool // at least one try was answered by the responder
	// client and responder count the requests of all tries and their answers on
	// the two tapes; responder is nil without a ledger, or when its tape is not whole.
	client, responder *evidence.Trace
}

// A try is one request over a transport.
type try struct {
	check    string // empty for the first contact
	connect  *evidence.Connect
	exchange *sipprobe.Exchange
}

func newContact(ev *evidence.Evidence, t sipprobe.Transport) contact {
	c := contact{transport: t, wanted: wanted(ev, t)}
	var tokens []string
	if a := attemptOver(ev, t); a != nil {
		c.add(try{connect: a.Connect, exchange: a.Exchange})
		tokens = append(tokens, ev.Run.PairingToken(t))
	}
	for i := range ev.Checks {
		if x := &ev.Checks[i]; x.Skipped == "" && string(x.Transport) == string(t) {
			if y, ok := tryOf(x); ok {
				c.add(y)
				tokens = append(tokens, ev.Run.Token(x.ID))
			}
		}
	}
	c.client = sum(&ev.Client, tokens, t)
	if ev.Responder != nil && ev.Responder.TapeDropped == 0 {
		c.responder = sum(ev.Responder, tokens, t)
	}
	return c
}

// tryOf returns what the client tried for a check; false when it only waited.
func tryOf(c *evidence.Check) (try, bool) {
	switch {
	case c.Options != nil:
		return try{check: c.ID, connect: c.Options.Connect, exchange: &c.Options.Exchange}, true
	case c.CallFacts != nil && c.CallFacts.Client != nil && c.CallFacts.Client.Invite != nil:
		return try{check: c.ID, exchange: c.CallFacts.Client.Invite}, true
	}
	return try{}, false
}

func (c *contact) add(t try) {
	c.tries = append(c.tries, t)
	c.works = c.works || t.answered()
}

// answered reports whether the responder itself answered, be it with a refusal of a
// call: what does not hold the key is Unproven, not Refused.
func (t try) answered() bool {
	if t.exchange == nil {
		return false
	}
	switch t.exchange.Outcome {
	case sipprobe.Accepted:
		return true
	case sipprobe.Refused:
		return t.check != ""
	}
	return false
}

// stranger reports whether something answered that is not the responder.
func (t try) stranger() bool { return t.exchange != nil && t.exchange.Outcome == sipprobe.Unproven }

// local reports whether the client's own machine failed, so that the try says
// nothing of the network.
func (t try) local() bool {
	if t.connect != nil && t.connect.Result == "local" {
		return true
	}
	return t.exchange != nil && t.exchange.Outcome == sipprobe.NotSent
}

// notConnected reports whether the try ended before any SIP could be sent.
func (t try) notConnected() bool {
	return t.connect != nil && (t.connect.Result == "timeout" || t.connect.Result == "refused" || t.connect.Result == "unreachable")
}

// failed reports whether the transport was tried and the network, or what stands in
// it, kept the responder from answering.
func (c contact) failed() bool { return !c.works && len(c.all(try.local)) < len(c.tries) }

func (c contact) all(is func(try) bool) []try {
	var out []try
	for _, t := range c.tries {
		if is(t) {
			out = append(out, t)
		}
	}
	return out
}

// ids are the checks that tried the transport.
func (c contact) ids() []string {
	var out []string
	for _, t := range c.tries {
		if t.check != "" {
			out = append(out, t.check)
		}
	}
	return out
}

func sum(l *evidence.Ledger, tokens []string, t sipprobe.Transport) *evidence.Trace {
	var total evidence.Trace
	for _, token := range tokens {
		tr := l.Trace(token, t)
		total.SentRequests += tr.SentRequests
		total.ReceivedRequests += tr.ReceivedRequests
		total.SentResponses += tr.SentResponses
		total.ReceivedResponses += tr.ReceivedResponses
	}
	return &total
}
