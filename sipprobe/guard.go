package sipprobe

import (
	"crypto/subtle"
	"net/netip"
	"strings"
	"time"

	"github.com/icholy/digest"
)

// A Guard decides which requests an Endpoint lets in. It challenges whoever does
// not prove that he holds the key, as a stateless UAS (RFC 3261 section 8.2.7)
// and in front of every parser and transaction, so that strangers cost nothing
// but their packets. One Guard may serve several Endpoints.
type Guard struct {
	cfg    GuardConfig
	nonces *nonces
	limits *limits
}

// GuardConfig says whom a Guard lets in.
type GuardConfig struct {
	// Key is the shared key. Empty lets everybody in unchallenged.
	Key string
	// Software is the value of the Server header in the Guard's own answers.
	Software string
	// AnswerAnyone admits requests other than MESSAGE that carry no credentials at all.
	AnswerAnyone bool
	// Holder reports, by the Call-ID of a request without credentials, whether it is of
	// somebody who holds the key, and so is challenged in spite of AnswerAnyone; nil
	// knows nobody.
	Holder func(callID string) bool
	// Accept, when not empty, is the only Content-Type that a MESSAGE may have.
	// Others get 415 with this value in Accept, before any challenge, so that
	// two versions of the protocol can name each other without a common key.
	Accept string
	// PerSource is how many answers per second one source may draw without proof:
	// challenges, refusals, and with AnswerAnyone requests let in; 0 = 20. A source
	// is an IPv4 address or an IPv6 network of 64 bits; it may save up two seconds'
	// worth, and may draw 50 times as much for as long as it is remembered to have
	// proven the key. Further requests are dropped in silence.
	PerSource float64
}

// NewGuard returns a Guard with fresh secrets.
func NewGuard(cfg GuardConfig) *Guard {
	return &Guard{cfg: cfg, nonces: newNonces(), limits: newLimits(cfg.PerSource)}
}

// Trust lets a source draw as much as one that has proven the key to the Guard, for a
// far end that has proven it in its answers.
func (g *Guard) Trust(source netip.Addr) { g.limits.trust(source) }

// A decision on one request. With admit false, reply is what to answer, nil for silence.
type decision struct {
	admit bool
	reply []byte
	note  string
}

func admitted() decision           { return decision{admit: true} }
func dropped(note string) decision { return decision{note: note} }
func (g *Guard) open() bool        { return g == nil || g.cfg.Key == "" }

// A question is a request that a Guard decides on.
type question struct {
	message   wireMessage
	size      int // of the whole packet
	from      netip.AddrPort
	transport Transport
	socket    netip.AddrPort // where it arrived
	now       time.Time
	strict    bool // proof is wanted even where AnswerAnyone asks for none
}

// judge decides on a request that is neither ACK nor CANCEL.
func (g *Guard) judge(q question) decision {
	if g.open() {
		return admitted()
	}
	if g.unsupported(q.message) {
		return g.answer(q, "415 Unsupported Media Type", "Accept: "+g.cfg.Accept)
	}
	if g.isRung(q.message) {
		return g.answer(q, "200 OK", "")
	}
	authorization, ok := q.message.value("authorization")
	if !ok && g.cfg.AnswerAnyone && !q.strict && q.message.method() != "MESSAGE" && !g.ofHolder(q.message) {
		if !g.limits.allow(q.from.Addr(), q.now) {
			return dropped("rate limit")
		}
		return admitted()
	}
	state := credentialsBad
	if ok {
		state = g.verify(q, authorization)
	}
	if state == credentialsGood {
		g.limits.trust(q.from.Addr())
		return admitted()
	}
	return g.challenge(q, state == credentialsStale)
}

func (g *Guard) ofHolder(m wireMessage) bool {
	id, _ := m.value("call-id")
	return g.cfg.Holder != nil && g.cfg.Holder(id)
}

func (g *Guard) unsupported(m wireMessage) bool {
	if g.cfg.Accept == "" || m.method() != "MESSAGE" {
		return false
	}
	ct, _ := m.value("content-type")
	return !strings.EqualFold(ct, g.cfg.Accept)
}

type credentialsState int

const (
	credentialsBad credentialsState = iota
	credentialsStale
	credentialsGood
)

// verify checks the credentials of a request, and that nobody has used them before.
func (g *Guard) verify(q question, authorization string) credentialsState {
	m := q.message
	c, state := g.proof(m.method(), m.content(), authorization, q.from.Addr(), q.now)
	if state != credentialsGood {
		return state
	}
	via, _ := m.value("via")
	if !g.nonces.use(c.Nonce, use{count: c.Nc, branch: branchOf(via), socket: q.socket, once: q.transport.Reliable()}, q.now) {
		return credentialsStale
	}
	return credentialsGood
}

// proof checks what stands in an Authorization: stale means that the key is right
// and the nonce is not, or not any more.
func (g *Guard) proof(method string, body []byte, authorization string, source netip.Addr, now time.Time) (*digest.Credentials, credentialsState) {
	c, err := digest.ParseCredentials(authorization)
	if err != nil || c.QOP != qopFor(method) || c.URI != digestURI || !strings.EqualFold(c.Algorithm, algorithm) {
		return nil, credentialsBad
	}
	want, err := proofsOf(g.cfg.Key, c).credentials(method, body)
	if err != nil || subtle.ConstantTimeCompare([]byte(want.Response), []byte(c.Response)) != 1 {
		return nil, credentialsBad
	}
	if g.nonces.state(c.Nonce, source, now) != nonceFresh {
		return c, credentialsStale
	}
	return c, credentialsGood
}

// prover returns the user name under which an admitted request proved the key, and
// reads it from the same parsed message that will be acted on; empty without proof.
func (g *Guard) prover(method string, body []byte, authorization string, source netip.Addr) string {
	if g.open() || authorization == "" {
		return ""
	}
	c, state := g.proof(method, body, authorization, source, time.Now())
	if state != credentialsGood {
		return ""
	}
	return c.Username
}

func (g *Guard) challenge(q question, stale bool) decision {
	value := challengeValue(g.nonces.issue(q.from.Addr(), q.now), q.message.method(), stale)
	return g.answer(q, "401 Unauthorized", "WWW-Authenticate: "+value)
}

// answer replies within the rate limit and never with more bytes than the request had.
func (g *Guard) answer(q question, status, header string) decision {
	if !g.limits.allow(q.from.Addr(), q.now) {
		return dropped("rate limit")
	}
	s := stateless{message: q.message, from: q.from, status: status, header: header, software: g.cfg.Software}
	reply := s.bytes()
	if len(reply) > q.size && q.transport == UDP {
		s.software, s.terse = "", true
		reply = s.bytes()
	}
	if len(reply) > q.size && q.transport == UDP {
		return dropped("the answer would be larger than the request")
	}
	return decision{reply: reply, note: "answered " + status}
}
