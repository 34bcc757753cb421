package sipprobe

import (
	"context"
	"net/netip"
	"slices"
	"strings"
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
	remote  string         // To of our requests, with tag; empty until the far end has answered
	target  string         // remote target: the URI in the Contact of the far end
	contact netip.AddrPort // its address, invalid when it is a name or none to send to
	tx      sip.ClientTransaction
	cseq    int
	events  []Event
	reason  string
	ackSeen bool
}

// maxEvents bounds what a Call and an Exchange remember of a peer that never stops.
const maxEvents = 256

func newCall(e *Endpoint, id dialogID, token string, peer netip.AddrPort) *Call {
	return &Call{endpoint: e, id: id, token: token, peer: peer, cseq: 100, target: "sip:" + hostPort(peer),
		ended: make(chan struct{}), acked: make(chan struct{})}
}

// establish keeps who the far end is and, from its Contact, the remote target.
func (c *Call) establish(remote string, h *sip.ContactHeader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remote = remote
	if h == nil || h.Address.Host == "" {
		return
	}
	c.target = h.Address.String()
	a, err := netip.ParseAddr(strings.Trim(h.Address.Host, "[]"))
	port := h.Address.Port
	if port == 0 {
		port = int(c.endpoint.cfg.Transport.DefaultPort())
	}
	if to := netip.AddrPortFrom(a.Unmap(), uint16(port)); err == nil && port < 1<<16 && usable(to) {
		c.contact = to
	}
}

// distrust keeps the requests of the dialog from following the Contact.
func (c *Call) distrust() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.contact = netip.AddrPort{}
}

// isWith reports whether the far end of the dialog has this tag.
func (c *Call) isWith(tag string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remote == "" || tagOf(c.remote) == tag
}

// next is where the next request of the dialog goes: over UDP to the remote target
// (RFC 3261 section 12.2.1.1) where that is an address which may be sent to; over
// TCP and TLS down the connection that carries the dialog.
func (c *Call) next() netip.AddrPort {
	c.mu.Lock()
	contact := c.contact
	c.mu.Unlock()
	if c.endpoint.cfg.Transport != UDP || !contact.IsValid() {
		return c.peer
	}
	if may := c.endpoint.cfg.MaySend; may != nil && !may(contact) {
		return c.peer
	}
	return contact
}

func (c *Call) draft(method string, cseq int) draft {
	peer := c.next()
	c.mu.Lock()
	defer c.mu.Unlock()
	return draft{
		method: method, uri: c.target, to: c.remote, from: c.local, callID: c.id.callID, cseq: cseq,
		branch: branch(c.token, method, cseq), peer: peer, dialog: true,
	}
}

// Bye ends the call and returns how the far end took it. Ending a call that has
// ended sends nothing and gives a zero Exchange.
func (c *Call) Bye(ctx context.Context) Exchange {
	if !c.finish("hung up") {
		return Exchange{}
	}
	c.mu.Lock()
	c.cseq++
	cseq := c.cseq
	c.mu.Unlock()
	d := c.draft("BYE", cseq)
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
	return slices.Clone(c.events)
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

// acknowledged notes an ACK.
func (c *Call) acknowledged() {
	c.event(false, "ACK")
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ackSeen {
		c.ackSeen = true
		close(c.acked)
	}
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
	if first && tx != nil {
		tx.Terminate()
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
