package sipprobe

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// A Call is a dialog (RFC 3261 section 12) of either side. Its zero value is of no
// use; Invite and Accept make calls. It is safe for concurrent use.
type Call struct {
	endpoint *Endpoint
	id       dialogID
	token    string
	local    string         // From of our requests, with tag
	peer     netip.AddrPort // where the far end's messages came from
	ended    chan struct{}
	acked    chan struct{}

	mu      sync.Mutex
	remote  string // To of our requests, with tag; empty until the far end has answered
	target  string // remote target: the URI in the Contact of the far end
	routes  routeSet
	hop     netip.AddrPort          // of the first route or else the target; invalid when it is a name or none to send to
	tx      []sip.ClientTransaction // of the INVITEs that this end sent
	cseq    int
	events  []Event
	reason  string
	ackSeen bool
	ackBody []byte
	proven  bool   // the far end holds the key
	answer  []byte // goes with the ACK of a call that was set up without an offer

	// What a re-INVITE or UPDATE needs, see change.go.
	turn      chan struct{} // held by the one request of ours that may be under way
	offering  bool          // it is, so that another from the far end is refused
	remoteSeq uint32        // CSeq of the far end's last
	inviteSeq uint32        // that of its INVITE, at the end that was called
	onChange  func(Change) ([]byte, error)
	reanswer  []byte // goes with the ACK of a re-INVITE of this end without an offer
	// reansweredTo is the CSeq of that, 0 = none.
	reansweredTo uint32
	acks         map[uint32]chan []byte // by CSeq: the ACK of a re-INVITE that this end accepted

	session Session       // as agreed; zero = none
	renewed chan struct{} // holds a token when the session was refreshed
}

// firstCSeq is that of the first request in a dialog; those that set it up are below.
const firstCSeq = 101

// maxEvents bounds what a Call and an Exchange remember of a peer that never stops.
const maxEvents = 256

func newCall(e *Endpoint, id dialogID, token string, peer netip.AddrPort) *Call {
	return &Call{endpoint: e, id: id, token: token, peer: peer, cseq: firstCSeq - 1, target: "sip:" + hostPort(peer),
		ended: make(chan struct{}), acked: make(chan struct{}), turn: make(chan struct{}, 1),
		acks: make(map[uint32]chan []byte), renewed: make(chan struct{}, 1)}
}

// establish keeps who the far end is, the remote target from its Contact, and the
// proxies on the way to it.
func (c *Call) establish(remote string, h *sip.ContactHeader, routes routeSet) {
	c.mu.Lock()
	c.remote, c.routes = remote, routes
	if len(routes) > 0 {
		c.hop = routes.address(c.endpoint.cfg.Transport)
	}
	c.mu.Unlock()
	c.retarget(h)
}

// retarget keeps the remote target that a Contact names, which a re-INVITE and an UPDATE
// may change (RFC 3261 section 12.2, RFC 3311 section 5). The proxies stay.
func (c *Call) retarget(h *sip.ContactHeader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h == nil || h.Address.Host == "" {
		return
	}
	c.target = h.Address.String()
	if len(c.routes) == 0 {
		c.hop = addressOf(h.Address, c.endpoint.cfg.Transport)
	}
}

// distrust keeps the requests of the dialog from following Contact and Record-Route.
func (c *Call) distrust() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hop = netip.AddrPort{}
}

// isWith reports whether the far end of the dialog has this tag.
func (c *Call) isWith(tag string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remote == "" || tagOf(c.remote) == tag
}

// next is where the next request of the dialog goes: over UDP to the first proxy of
// its route set, or else to the remote target (RFC 3261 section 12.2.1.1), where that
// is an address which may be sent to; over TCP and TLS down the connection that
// carries the dialog.
func (c *Call) next() netip.AddrPort {
	c.mu.Lock()
	hop := c.hop
	c.mu.Unlock()
	if c.endpoint.cfg.Transport != UDP || !hop.IsValid() {
		return c.peer
	}
	if may := c.endpoint.cfg.MaySend; may != nil && !may(hop) {
		return c.peer
	}
	return hop
}

func (c *Call) draft(method string, cseq int) draft {
	peer := c.next()
	c.mu.Lock()
	defer c.mu.Unlock()
	uri, route := c.routes.guide(c.target)
	return draft{
		method: method, uri: uri, route: route, to: c.remote, from: c.local, callID: c.id.callID, cseq: cseq,
		branch: branch(c.token, method, cseq), peer: peer, dialog: method == "BYE",
	}
}

// Bye ends the call and returns how the far end took it. Ending a call that has
// ended sends nothing and gives a zero Exchange.
func (c *Call) Bye(ctx context.Context) Exchange {
	return c.bye(ctx, "hung up")
}

func (c *Call) bye(ctx context.Context, reason string) Exchange {
	if !c.finish(reason) {
		return Exchange{}
	}
	d := c.draft("BYE", c.number())
	x := c.endpoint.exchange(ctx, Target{Peer: d.peer, Token: c.token}, d)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, x.Events...)
	return x
}

// Ended is closed when the call is over, by whichever side.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// EndReason says why the call is over; empty while it is not.
func (c *Call) EndReason() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// Events returns the messages of the call as this end saw them, oldest first; of a
// peer that never stops, the first few hundred.
func (c *Call) Events() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := slices.Clone(c.events)
	slices.SortStableFunc(out, func(a, b Event) int { return a.Time.Compare(b.Time) })
	return out
}

// Peer is where the far end's signalling comes from.
func (c *Call) Peer() netip.AddrPort { return c.peer }

func (c *Call) event(sent bool, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.events) < maxEvents {
		c.events = append(c.events, Event{Time: time.Now(), Sent: sent, What: what})
	}
}

// number is the CSeq of the next request of this end (RFC 3261 section 12.2.1.1).
func (c *Call) number() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cseq++
	return c.cseq
}

// acknowledged notes the ACK of a re-INVITE, or else of the call.
func (c *Call) acknowledged(cseq uint32, body []byte) {
	c.event(false, "ACK")
	c.mu.Lock()
	defer c.mu.Unlock()
	if again := c.acks[cseq]; again != nil {
		c.acks[cseq] = nil
		again <- body
		return
	}
	if !c.ackSeen {
		c.ackSeen = true
		c.ackBody = bytes.Clone(body)
		close(c.acked)
	}
}

// AckBody is the body of the ACK: the SDP answer of a caller that made no offer; nil
// without one, and at the end that called.
func (c *Call) AckBody() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ackBody
}

// finish ends the call at this end, once, and reports whether it did.
func (c *Call) finish(reason string) bool {
	c.mu.Lock()
	first := c.reason == ""
	if first {
		c.reason = reason
		close(c.ended)
	}
	tx := c.tx
	c.mu.Unlock()
	if first {
		for _, one := range tx {
			one.Terminate()
		}
	}
	return first
}

// Forget drops the dialog: only retransmissions for it are still recognised.
func (c *Call) Forget() {
	c.finish("forgotten")
	c.endpoint.book.dropCall(c, true)
}

func (e *Endpoint) onBye(req *sip.Request, tx sip.ServerTransaction) {
	in := e.incoming(req, tx)
	to, _ := req.To().Params.Get("tag")
	from, _ := req.From().Params.Get("tag")
	c := e.book.call(dialogID{in.CallID, to})
	if c == nil || !c.isWith(from) {
		in.Reply(481, "Call/Transaction Does Not Exist", Body{})
		return
	}
	c.event(false, "BYE")
	c.finish("the far end hung up")
	c.event(true, "200")
	in.Reply(200, "OK", Body{})
}
