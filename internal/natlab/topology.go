package natlab

import (
	"net/netip"
	"time"
)

// A Topology says what to build. It is plain data. The zero value is a site
// router that masquerades, forwards nothing and drops what comes unsolicited,
// with an outside host that has public addresses.
type Topology struct {
	// Carrier puts a CGNAT router between the site and the Internet. The
	// site router's WAN address is then one of 100.64.0.0/10, and its
	// forwards help nobody, since the carrier forwards nothing.
	Carrier bool
	// Neighbour puts a second host beside the inside host, to which forwards may lead
	// by mistake. It has a link of its own to the site router, and the site's LAN
	// reaches it by way of that router only.
	Neighbour bool
	// Container makes the inside host a container on a bridge, as Docker starts one: it has
	// the address 172.17.0.2 and the hardware address that Docker makes of it, no IPv6, and
	// before it is its machine, which has the inside host's place and address on the
	// LAN, does NAT, and publishes the ports to which the Forwards to the inside host lead.
	// It goes with no Box.
	Container bool
	// ClientNAT puts the outside host behind a NAT router of its own.
	ClientNAT bool
	// ClientRandomPorts makes that router give each IPv4 flow a random source port, as
	// RandomPorts does at the site. It needs ClientNAT.
	ClientRandomPorts bool
	// RandomPorts makes the site router give each outbound IPv4 flow a
	// random source port, instead of the one that the host used.
	RandomPorts bool
	// Pooled gives the site router a second address and each outbound IPv4
	// flow one of the two in turn, as a router with several uplinks or a
	// pool does. Forwards stay on the first.
	Pooled bool
	// WANMTU is how many bytes an IP packet on the link before the site
	// router may have, at least 1280; 0 means 1500.
	WANMTU int
	// BlackHole has the routers at both ends of that link keep to themselves
	// what does not fit: they send no ICMP "fragmentation needed" and no
	// ICMPv6 "packet too big" (RFC 2923 section 2.1). It needs WANMTU.
	BlackHole bool
	// Behaviour is what else the site router's NAT does in its own way.
	Behaviour
	// Forwards are what the site router lets in.
	Forwards []Forward
	// Rules are the faults, in the order in which they are tried.
	Rules []Rule
	// StrictTCP makes the site router drop the segments of a connection that it has
	// forgotten, or whose beginning it has not seen. Linux otherwise picks such
	// connections up again.
	StrictTCP bool
	// Timeouts change how long routers remember idle flows.
	Timeouts []Timeouts
	// SIPHelper are the routers that run the kernel's SIP helper, as a
	// consumer router runs its ALG; see [SIPHelperSupported]. It reads flows
	// to UDP and TCP port 5060 of both families, rewrites the addresses in
	// them where the router does NAT, and opens the media ports that their
	// SDP names.
	SIPHelper []Router
	// Servers are further addresses of the Internet host, of any network that the
	// topology does not have, for servers that are played there.
	Servers []netip.Addr
	// Box is a device on the wire between the inside host and the site
	// router; nil means a plain wire.
	Box *Box
}

// A Forward is a port forward of the site router to an inside host. For IPv4
// it is destination NAT of the router's WAN address; for IPv6, which has no
// NAT here, a pinhole to the ports on which the inside host is meant to listen.
// It holds for what arrives on the WAN side.
type Forward struct {
	// Proto is UDP or TCP; AnyProto means both.
	Proto Proto
	// Ports are the ports as dialled from outside; zero means all.
	Ports Ports
	// ToPort is where Ports.From arrives inside, with the rest of the range
	// after it; 0 keeps the ports as they are.
	ToPort uint16
	// To is the name of the host that it leads to: InsideHost, which is what "" means,
	// NeighbourHost, or SiteHost for a program on the router itself, which listens on
	// its LAN address, Addresses.RouterLAN, as a proxy does; that one for IPv4 only.
	To string
	// Family limits the forward to IPv4 or IPv6; AnyFamily means both.
	Family Family
}

// A Rule is a fault: packets that a router drops or rejects although it would
// have passed them on. What a Rule leaves at zero it does not look at, so the
// zero Rule with a name drops everything that the site router forwards.
//
// A rule sees packets in the router's forward hook, with the addresses and
// ports of the router's private side: inbound at the site after destination
// NAT, outbound before source NAT. At the site the inner end is thus
// 192.168.1.10 (also with Container) and the outer end the client's public address; at the carrier
// the inner end is the site router's WAN address; at the client's router the
// inner end is the outside host's own address, and the outer end the site's
// public one. Packets that a router would not have forwarded anyway never get
// to a rule. A rule is tried before the router's state, so it also hits flows
// that are already established; a flow whose first packet is hit leaves no
// state behind.
type Rule struct {
	// Name identifies the rule in counters; it is required and unique.
	Name string
	// Router is where the rule acts; "" means the site router.
	Router Router
	// Direction is Inbound or Outbound, always as seen from the site;
	// AnyDirection means both.
	Direction Direction
	// Family limits the rule to IPv4 or IPv6.
	Family Family
	// Proto limits the rule to UDP or TCP; ports need it.
	Proto Proto
	// SourcePorts and DestinationPorts limit the rule; zero means all.
	SourcePorts, DestinationPorts Ports
	// DestinationParity limits the rule to even or odd destination ports.
	DestinationParity Parity
	// Source and Destination limit the rule; the zero prefix means all.
	Source, Destination netip.Prefix
	// Action is what happens to a packet that is hit; "" means Drop.
	Action Action
	// Every hits one matching packet in so many: 5 hits the fifth, the
	// tenth and so on. 0 and 1 hit all.
	Every uint32
	// Share hits a random share of the matching packets, more than 0 and
	// at most 1 (0.05 is a loss of 5 %); 0 hits all. Every or Share, not both.
	Share float64
	// OverPPS hits only packets beyond that many a second, as a policer does, after
	// a burst of a tenth of a second; 0 hits all.
	OverPPS uint64
	// AfterBytes spares matching packets until they add up to so many bytes, IP headers
	// included, and hits all that come later, as a ban does; 0 hits from the first. It
	// stands alone: not with Every, Share, OverPPS or OverFlows.
	AfterBytes uint64
	// OverFlows hits only packets of flows beyond so many that the rule has let through, as
	// a full state table does; 0 hits all.
	OverFlows uint32
	// UntilBytes hits matching packets until they add up to so many bytes, and spares all
	// that come later, as something that is slow to open does. It stands alone as well.
	UntilBytes uint64
	// NewFlows spares what belongs to a flow that the router has let through in the other
	// direction, as stateful firewalls do: with it a rule forbids to begin, not to answer.
	NewFlows bool
}

// Timeouts are how long a router remembers a flow without packets. Whole
// seconds, at least one; zero keeps the kernel's value.
type Timeouts struct {
	// Router is whose timeouts these are; "" means the site router.
	Router Router
	// UDP is for a flow that had no answer yet (kernel: 30 s).
	UDP time.Duration
	// UDPStream is for a flow answered in both directions (kernel: 120 s).
	// It is the mapping lifetime of RFC 4787, section 4.3.
	UDPStream time.Duration
	// TCPEstablished is for an established connection (kernel: 5 days).
	TCPEstablished time.Duration
}

// Ports is a range of ports, both ends included. The zero value means all
// ports; To of 0 means From alone.
type Ports struct {
	From, To uint16
}

// Port is the range of one port.
func Port(p uint16) Ports { return Ports{From: p, To: p} }

// bounds resolves the shorthands of a range.
func (p Ports) bounds() (from, to uint16) {
	switch {
	case p == Ports{}:
		return 0, 65535
	case p.To == 0:
		return p.From, p.From
	}
	return p.From, p.To
}

// Proto is a transport protocol.
type Proto string

// The transport protocols.
const (
	AnyProto Proto = ""
	UDP      Proto = "udp"
	TCP      Proto = "tcp"
)

// Parity is that of a port: RTP has even ones, RTCP odd ones (RFC 3550 section 11).
type Parity string

// The parities.
const (
	AnyParity Parity = ""
	Even      Parity = "even"
	Odd       Parity = "odd"
)

// Family is an address family.
type Family string

// The address families.
const (
	AnyFamily Family = ""
	IPv4      Family = "ipv4"
	IPv6      Family = "ipv6"
)

// Router names a router that rules and timeouts can be put on. The values are
// names of hosts in the lab.
type Router string

// The routers; SiteRouter is what "" means.
const (
	SiteRouter    Router = "site"
	CarrierRouter Router = "carrier"
	ClientRouter  Router = "client-router"
	// InsideFirewall is no router but the inside host's own firewall. Its rules see what
	// arrives for the host, as a program on the host would; it has no timeouts.
	InsideFirewall Router = "inside"
)

// Direction is the way a packet takes, always as seen from the site.
type Direction string

// The directions.
const (
	AnyDirection Direction = ""
	Inbound      Direction = "inbound"  // towards the inside host
	Outbound     Direction = "outbound" // towards the outside host
)

// Action is what a rule does with a packet that it hits.
type Action string

// The actions; Drop is what "" means.
const (
	// Drop discards the packet without a word.
	Drop Action = "drop"
	// Reject discards the packet and answers its sender: a reset for TCP,
	// ICMP "port unreachable" for the rest. The kernel limits the rate of
	// such ICMP errors, to about one a second and destination.
	Reject Action = "reject"
)
