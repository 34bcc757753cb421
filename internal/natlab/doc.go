// Package natlab builds a small Internet on one Linux machine, with real
// routers in it: network namespaces joined by veth pairs, the kernel's own
// NAT and connection tracking, and faults planted on purpose. Both ends of a
// test live in one process, each with sockets in its own namespace.
//
//	inside ── [box] ── site ── [carrier] ── internet ── [client-router] ── outside
//
// The site is the network under test. The inside host stands in the PBX's
// place behind the site router; the outside host is the far end, with two
// addresses. The carrier router (CGNAT), the client's own NAT router, a second
// host beside the inside one, the neighbour, the machine that the inside host is a
// container on, and the [Box], a wire that rewrites what
// passes, exist only where a [Topology] asks for them. Addresses come from the
// documentation ranges, RFC 1918 and RFC 6598.
//
// # What the routers do
//
// In the words of RFC 4787: an IPv4 router here preserves the source port
// while it is free, so that a flow usually looks the same to all destinations,
// but its mapping is address and port dependent, and so is its filtering.
// [Topology.RandomPorts] turns port preservation off at the site. Unsolicited
// packets from outside are dropped without an answer, unless a [Forward] lets
// them in, and nothing hairpins. A [Behaviour] makes the site's NAT hairpin,
// filter less, or move source ports. The carrier and the client's router
// forward nothing inwards.
//
// IPv6 is routed without NAT. The site and the client's router filter it
// statefully, with forwards as pinholes; the carrier lets it pass. Duplicate
// address detection is off, so addresses work at once.
//
// The Internet's core drops silently whatever it has no route for, private
// destinations first of all.
//
// # Rights
//
// A lab needs CAP_SYS_ADMIN and CAP_NET_ADMIN over its namespaces. Root has
// them; [Main] gets them for an ordinary user through a user namespace.
// [Supported] tells whether a lab can be built here, and if not, why.
//
// The package compiles everywhere and works on Linux.
package natlab
