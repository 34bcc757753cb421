// Package pairing is how client and responder agree on what to do next: orders and
// replies inside SIP MESSAGE requests (RFC 3428), over whichever transport works,
// so that no port beyond those under test is ever needed.
//
// The client gives orders and the responder carries them out. Each is a JSON object,
// compressed, so that no middlebox finds an address in it to rewrite, and protected
// with its body by SIP Digest in both directions (qop=auth-int, RFC 7616 section 3.4.3):
// the request by its Authorization, the reply by its rspauth over a nonce of the client's.
// Whoever opens TLS on the way can read orders and ledgers, but neither change them nor
// send old ones again without the key. That is why the ledger's word on which certificate
// the responder presents can be held against the one that the client was shown.
package pairing

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Protocol is the version of the orders. It travels in the Content-Type of every
// order, before anything that depends on it.
const Protocol = 2

// ContentType is the media type of orders and replies.
const ContentType = "application/vnd.bothways.v2+json"

// Encoding is the Content-Encoding of orders and replies.
const Encoding = "gzip"

// ProtocolOf reads the version out of a content type, 0 when it is not ours.
func ProtocolOf(contentType string) int {
	var v int
	if _, err := fmt.Sscanf(strings.TrimSpace(contentType), "application/vnd.bothways.v%d+json", &v); err != nil {
		return 0
	}
	return v
}

// Times that both ends keep.
const (
	// KeepAlive is how often the client shows that it is alive.
	KeepAlive = 1500 * time.Millisecond
	// Lease is how long the responder believes it without hearing from it.
	Lease = 7 * time.Second
	// ReachTimeout bounds what Reach does at the responder: three copies of a request
	// leave over UDP.
	ReachTimeout = 2 * time.Second
)

// An Order is what the client wants; exactly one of its parts is set, none means
// "I am still here".
type Order struct {
	Run string `json:"run"`
	// Seq numbers the orders of a run. An order that arrives again, over whatever
	// transport, gets the same reply and is not carried out twice.
	Seq    int     `json:"seq"`
	Hello  *Hello  `json:"hello,omitempty"`
	Expect *Expect `json:"expect,omitempty"`
	Reach  *Reach  `json:"reach,omitempty"`
	Call   *Call   `json:"call,omitempty"`
	Fetch  *Fetch  `json:"fetch,omitempty"`
	// Sweep is one step of a sweep.
	Sweep *SweepOrder `json:"sweep,omitempty"`
	// Aside asks for a SIP port that is none, Show for the forms of a check.
	Aside bool  `json:"aside,omitempty"`
	Show  *Show `json:"show,omitempty"`
	// Idle begins the responder's part of a check of idle times.
	Idle *Idle `json:"idle,omitempty"`
	// Port is one step of the checks of ports.
	Port *PortOrder `json:"port,omitempty"`
	// NAT is one step of a test of a NAT.
	NAT *NATOrder `json:"nat,omitempty"`
	// Prove shows another address of the client, from which the order comes: the answer
	// to its challenge proves it. It has no number.
	Prove bool `json:"prove,omitempty"`
	// Size asks for messages of rising size, Marks for one end of a trial of marks.
	Size  *Size  `json:"size,omitempty"`
	Marks *Marks `json:"marks,omitempty"`
	// Load is one step of holding many calls at once.
	Load *LoadOrder `json:"load,omitempty"`
	// Server asks for a check of somebody else's server from the site.
	Server *Server `json:"server,omitempty"`
	End    bool    `json:"end,omitempty"`
}

// duration is how long the responder may need to carry the order out.
func (o Order) duration() time.Duration {
	switch {
	case o.Reach != nil:
		return ReachTimeout
	case o.Sweep != nil:
		return sweepOrderTime
	case o.Show != nil:
		return ShowTime
	case o.Port != nil:
		return portOrderTime
	case o.NAT != nil:
		return natOrderTime
	case o.Fetch != nil:
		return time.Duration(o.Fetch.HoldMs) * time.Millisecond
	}
	return 0
}

// A Reply answers an order.
type Reply struct {
	Error   string             `json:"error,omitempty"`
	Welcome *Welcome           `json:"welcome,omitempty"`
	Reached *sipprobe.Exchange `json:"reached,omitempty"`
	Part    *Part              `json:"part,omitempty"`
	Sweep   *SweepReply        `json:"sweep,omitempty"`
	// Aside is the UDP port that was opened.
	Aside uint16           `json:"aside,omitempty"`
	Shown []sipprobe.Shown `json:"shown,omitempty"`
	Port  *PortReply       `json:"port,omitempty"`
	NAT   *NATReply        `json:"nat,omitempty"`
	// Proven is where a Prove came from.
	Proven *netip.AddrPort `json:"proven,omitempty"`
	// Later says, beside the error, that the same order may do later: another client has the media
	// ports now.
	Later bool `json:"later,omitempty"`
	// MarksPort is the UDP port at which a trial of marks is listened to.
	MarksPort uint16 `json:"marks_port,omitempty"`
}

// Busy says, beside the error, that the same order may do later: another client has what
// it needs.
func (r Reply) Busy() bool {
	return r.Later || r.Sweep != nil && r.Sweep.Busy || r.Port != nil && r.Port.Busy
}

// Hello begins a session, or shows another way into it.
type Hello struct {
	Program evidence.Program `json:"program"`
	// Dialled is the address at which the client reached the responder.
	Dialled netip.Addr `json:"dialled"`
	// Name is the one that led there, which the responder looks up as well, once in a
	// session; empty for an address.
	Name string `json:"name,omitempty"`
}

// Welcome is the responder's side of Hello.
type Welcome struct {
	Program evidence.Program `json:"program"`
	// SeenAs is where the hello came from.
	SeenAs netip.AddrPort `json:"seen_as"`
}

// Expect announces an inbound call and how to answer it.
type Expect struct {
	Check scenarios.Check `json:"check"`
	// ColdMs is how long the responder only listens before it sends, in milliseconds.
	ColdMs int `json:"cold_ms"`
}

// Reach asks the responder for OPTIONS to the client's own port, over a new flow.
type Reach struct {
	Check     string             `json:"check"`
	Transport sipprobe.Transport `json:"transport"`
	Port      uint16             `json:"port"`
}

// Call asks the responder to call the client. Media and signalling go to the
// address that the client was seen at, never to another.
type Call struct {
	Check scenarios.Check `json:"check"`
	// Port is the client's own port for a call over a new flow; 0 calls over the
	// flow that the client opened.
	Port uint16 `json:"port"`
}

// Fetch asks for a part of something that the responder has recorded: the record
// of a call by its check, that of a sweep's window, of a set of ports or of the last test
// of a NAT, or with
// none of them the ledger.
type Fetch struct {
	Call   string     `json:"call,omitempty"`
	Sweep  *SweepPart `json:"sweep,omitempty"`
	Ports  uint32     `json:"ports,omitempty"`
	NAT    bool       `json:"nat,omitempty"`
	Offset int        `json:"offset"`
	// HoldMs is how long to wait with the answer while the record of a sweep, of ports or of
	// a NAT is not ready, in milliseconds.
	HoldMs int `json:"hold_ms,omitempty"`
}

// A Part is a piece of compressed JSON. Ready is false while what was asked for is
// still being recorded; Absent is true when nothing of that name ever was.
type Part struct {
	Ready  bool   `json:"ready"`
	Absent bool   `json:"absent,omitempty"`
	Total  int    `json:"total"`
	Data   []byte `json:"data"`
}

// PartBytes is the size of a part that keeps a reply within one datagram of 1,300
// bytes (RFC 3261 section 18.1.1), or within one framed message on a stream.
func PartBytes(t sipprobe.Transport) int {
	if t == sipprobe.UDP {
		return 450
	}
	return 12 << 10
}

// Within is the reply as it fits an answer over the transport: the same order may come
// again over another one, with less room for a part.
func (r Reply) Within(t sipprobe.Transport) Reply {
	if r.Part != nil && len(r.Part.Data) > PartBytes(t) {
		part := *r.Part
		part.Data = part.Data[:PartBytes(t)]
		r.Part = &part
	}
	return r
}

// MediaKey derives the key for the session tags of a run's media.
func MediaKey(key, run string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte("bothways media " + run))
	return h.Sum(nil)
}
