package natlab

import (
	"net/netip"
	"time"
)

// A Box is a device on the wire between the inside host and the site router that
// nobody sees: it has no address and passes frames on as they came, but for its
// alterations. It is a program, so it can plant what the kernel's helper does not.
// What it passes is slower by some tens of microseconds. Inbound packets have been
// through the site router's NAT when they reach it, outbound ones have not.
type Box struct {
	// Alterations are tried in their order; each sees what those before it left.
	Alterations []Alteration
}

// An Alteration is what a [Box] does to the IP packets that it picks. Fields at zero
// pick everything, so that one with only a name and [DropPacket] stops all traffic.
//
// An alteration whose Change rewrites SIP, or that has one of Messages, Method, SDP
// and InDialog, picks SIP messages: whole UDP datagrams from or to one of Ports. SIP over
// TCP and fragments are never SIP to it.
type Alteration struct {
	// Name identifies the alteration in counters; it is required, and unique among
	// rules and alterations.
	Name string
	// Change is what is done; it is required.
	Change Change

	// Direction picks packets that go Inbound or Outbound.
	Direction Direction
	// Family picks IPv4 or IPv6.
	Family Family
	// Proto picks UDP or TCP; Ports need it, unless SIP messages are picked.
	Proto Proto
	// Ports picks packets from or to one of the ports; for SIP messages zero means 5060.
	Ports Ports
	// Messages picks SIP requests or responses.
	Messages Messages
	// Method picks requests of the method, and responses to it.
	Method string
	// SDP picks messages that carry a session description.
	SDP bool
	// InDialog picks requests in a call that is set up: those with a tag in To.
	InDialog bool
	// Above picks packets of more bytes than this, from the IP header on.
	Above int
	// Below picks packets of fewer bytes than this; 0 picks all.
	Below int
	// Whole picks packets that may not be fragmented on the way: IPv4 with the bit
	// "don't fragment", and all of IPv6. With Above and DropPacket it is a black
	// hole in path MTU discovery (RFC 2923 section 2.1).
	Whole bool
	// Fragments picks fragments. They have no ports.
	Fragments bool
	// Marked picks packets with this DSCP; 0 picks all.
	Marked uint8
	// After leaves so many packets of each flow alone before it picks any. A flow
	// is a direction, a protocol and both addresses and ports.
	After uint32
	// Every picks one packet in so many of those that everything else picks; 0 and
	// 1 pick all.
	Every uint32

	// Address and Port are what is written; Port 0 keeps the port as it is.
	Address netip.Addr
	Port    uint16
	// By is what is added to a number.
	By int
	// Bytes are what is left of a datagram's payload.
	Bytes int
	// DSCP is the code point that is written, 0 to 63 (RFC 2474).
	DSCP uint8
	// Delay is how long a packet is held. Packets held equally long stay in order.
	Delay time.Duration
}

// Change is what an [Alteration] does to a packet.
type Change string

// The changes, with the field that each needs.
const (
	// RewriteVia puts Address, and Port, into the first Via's sent-by.
	RewriteVia Change = "rewrite-via"
	// RewriteContact puts Address, and Port, into the URI of the first Contact.
	RewriteContact Change = "rewrite-contact"
	// RewriteCallID makes Address the host part of the Call-ID, and gives it one
	// where it has none.
	RewriteCallID Change = "rewrite-call-id"
	// RewriteContentLength adds By to the Content-Length, and leaves the body alone.
	RewriteContentLength Change = "rewrite-content-length"
	// RewriteSDPAddress puts Address into each "c=" line of the SDP. The
	// Content-Length stays right.
	RewriteSDPAddress Change = "rewrite-sdp-address"
	// RewriteSDPPort adds By to the port of each "m=" line of the SDP. The
	// Content-Length stays right.
	RewriteSDPPort Change = "rewrite-sdp-port"
	// TruncateMessage cuts a SIP message off after Bytes.
	TruncateMessage Change = "truncate-message"
	// DropPacket discards without a word.
	DropPacket Change = "drop"
	// SetDSCP writes DSCP into the IP header and keeps ECN.
	SetDSCP Change = "set-dscp"
	// DelayPacket holds for Delay. With Every it reorders.
	DelayPacket Change = "delay"
	// MoveSourcePort adds By to the source port of UDP. Nothing is put back in the
	// other direction. With After it moves a flow while it lasts.
	MoveSourcePort Change = "move-source-port"
	// PinMedia reads the SDP that leaves the inside host in SIP messages, and from then on
	// discards what comes in over UDP for its media ports from any host but the one that
	// the message was for, as a firewall does that opens media for the peer of the call
	// alone. Ports are those of SIP, zero means 5060; no other field picks.
	PinMedia Change = "pin-media"
)

// Messages is a kind of SIP message.
type Messages string

// The kinds of messages.
const (
	AnyMessage Messages = ""
	Requests   Messages = "requests"
	Responses  Messages = "responses"
)

// ports are those of the packets that are picked.
func (a Alteration) ports() Ports {
	if (a.ofSIP() || a.Change == PinMedia) && a.Ports == (Ports{}) {
		return Port(sipPort)
	}
	return a.Ports
}

// ofSIP tells whether only SIP messages are picked.
func (a Alteration) ofSIP() bool {
	return a.rewrites() || a.Messages != AnyMessage || a.Method != "" || a.SDP || a.InDialog
}

// rewrites tells whether the change is one of the bytes of a SIP message.
func (a Alteration) rewrites() bool {
	switch a.Change {
	case RewriteVia, RewriteContact, RewriteCallID, RewriteContentLength, RewriteSDPAddress, RewriteSDPPort, TruncateMessage:
		return true
	}
	return false
}
