// Bothways-responder is the end inside a site, where the PBX stands. It listens for
// SIP on UDP 5060, TCP 5060 and TLS 5061, answers and places test calls for whoever
// holds its key, and keeps its side of the evidence.
//
// At start it prints the key, the addresses that it listens on, the forwards that
// the router needs, and the line to type outside. It serves until it is interrupted,
// or for the time given with --for.
//
// Where the router forwards nothing, --dial CLIENT[:PORT] opens the pairing outward, to
// a bothways run --wait, over TLS on port 5061 (or that of --sip-tls); an IPv6 address
// with a port stands in brackets. It tries until the client is there, dials again when
// the connection is lost, and serves whoever proves at that address to hold the key. A
// wrong key, or another version of the protocol, ends it.
//
// For checks of single ports it listens, for as long as they take, on the TCP and UDP
// ports that the scenario names, and says nothing there to whoever lacks the key; ports
// below 1024 need the right to listen on them. Those that another program holds are
// listed; where the scenario knows what is spoken there, the responder asks them once, at
// its own address and nowhere else, as a client would (the head of a page, a TLS
// handshake, a stream header, OPTIONS): what they present inside is held against what is
// seen outside. Outwards it knocks at ports of the client itself and of nobody else. The
// name by which the client found the site it looks up, once, with the system's resolver.
//
// Servers of others (checks of kinds server and provider, as in the scenarios
// starface-servers and starface-connect) are asked for nobody unless the operator says so,
// so that no client can use the responder as a scanner. --allow-egress-checks lets clients
// name any server at a public address; --allow-egress-hosts HOST,… only those that it
// lists: names, all names below one (*.example.com), addresses, networks (192.0.2.0/24).
// Private addresses, those of this machine's own network, and DNS servers at such must be
// listed as addresses, also where an allowed name leads to them. All clients together may
// have it ask 64 servers at once, and then one every five seconds. What is refused is
// reported as skipped, with the flag that would allow it.
//
// --stun HOST[:PORT], which may be repeated, names STUN servers of others that tests of
// the site's NAT ask as well. Whether the site's public address works from inside is
// tested only where the responder knows that address from its operator, by
// --public-address or by what such a server sees: a client cannot tell it.
//
// For each client it asks its own default router, once, which address that has on its WAN
// side, by NAT-PMP and UPnP: where it is not the one that the client knows, a second NAT
// stands before the site. The questions change nothing on the router. One that
// answers NAT-PMP without telling it is asked by PCP too, for a mapping towards an address
// that does not exist, which ends after seconds, or for one that is deleted at once; --no-router-query leaves all of them out. --router-wan ADDR gives the address where the router does not tell it.
//
// On Linux, and with the right to capture (CAP_NET_RAW, or root), it counts what reaches
// this machine from its clients before the machine's own firewall: so that this firewall
// is told from the router. It keeps numbers of packets by port and nothing of what is in
// them; --no-capture leaves it out.
//
// Whoever does not hold the key gets a challenge that is never larger than what he
// sent, and no more than 20 of them a second. Media goes only to addresses at which
// a client has proven itself. --answer-anyone lifts the first rule for calls, for
// tests with other SIP programs and phones; media then goes to the caller's own address
// only, and what was sent and heard in such a call is said when it is over.
//
// The exit status is 0 when it was stopped, and 3 when it could not start, or the client
// that it dialled has another key.
package main

import (
	"os"

	"bothways/internal/cli"
	"bothways/internal/console"
)

func main() { os.Exit(cli.Responder(os.Args[1:], console.Process())) }
