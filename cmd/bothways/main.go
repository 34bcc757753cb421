// Bothways runs outside a site and says whether SIP and audio go both ways through
// its router, and if not, what must be changed.
//
//	bothways run [TARGET]             run a scenario; without TARGET against a responder of its own
//	bothways load [TARGET]            hold many two-way calls at once, to find a site's limits
//	bothways diagnose EVIDENCE        the report again, from saved evidence
//	bothways call URI                 a call to a phone or an echo service, and what was heard of it
//	bothways tls HOST[:PORT]          versions and certificates of any TLS server
//	bothways scenarios                list, show NAME, check FILE, schema
//	bothways causes [CODE]            what a finding means, how it is proven and mended
//	bothways routers [NAME]           the routers whose remedies are known, and those of one
//
// TARGET is the host name or address of the site, IPv4 or IPv6, as dialled from
// outside. Behind it a bothways-responder must be listening, and the key that it
// printed is given with --key, --key-file or the variable BOTHWAYS_KEY.
//
// A host name is resolved as SIP peers do (RFC 3263): NAPTR, SRV, then A and AAAA, in
// the system's order (RFC 6724); the first address is dialled, and the others are named
// in the report. An address is taken as it is. The ports are always those of --sip-udp,
// --sip-tcp and --sip-tls, for the responder prints the ones that it has: where SRV names
// others the report says so. The responder looks the same name up inside, and an answer
// that differs there (split DNS) is noted.
//
// Where nothing inbound is forwarded, the pairing can be opened from inside: bothways
// run --wait [TARGET] listens on its own TLS port (5061, or --sip-tls) for up to 5
// minutes, or --wait-for, and says what to type inside; a bothways-responder --dial
// then connects to it and proves that it holds the key. The checks are the same, with
// both ends' ledgers. Without TARGET the site is the address that the responder came
// from. When nobody comes, the exit status is 3.
//
// The command call needs no responder. It calls a SIP URI over UDP, or TCP or TLS where
// the URI says so (sip:100@192.0.2.1;transport=tcp), without an account, and speaks a tone
// for --talk (10s). It is a pass when the other end sends audio and either reports in RTCP
// that it receives this end's or sends the tone back, as an echo service does. One end
// alone names no cause, and what it cannot know is inconclusive. Audio goes to the address
// that was called, and to those of --media ADDR.
//
// The command load is for those who own the site. It sets up --calls N calls (100, at most
// 2,000), --rate R of them a second (20, at most 200), holds all of them for --talk (10s),
// and ends them at the same pace; all with G.711 both ways, and RTCP. --direction outbound
// has the responder call, --transport says over what. It names the first call that could
// not be set up or had no audio, as with a full state table, and how many were up when
// loss began, as on a full line. It stops placing calls when 20 have failed. 1,000 calls
// take 50,000 packets and some 86 Mbit/s each way. Without the key nothing happens, and the
// responder takes no more than its own --max-calls. What the two machines did not manage
// themselves is counted apart and named a local fault, never the site's. The evidence
// holds a short record of each call; SIP messages are kept of the first 20.
//
// The command tls needs no responder. It offers each version of TLS alone (--min-version
// is the oldest that may be accepted, 1.2 by default), draws the chain of certificates,
// and judges dates (--min-days-left), names (those of HOST, or --server-name), keys, and
// whether the chain leads to a root of this machine or of --ca FILE. HOST without a port
// is asked on 5061. Who does not answer is inconclusive: one end alone cannot tell why.
//
// A scenario is a YAML file, which may extend another and declare variables: show prints
// what it comes to, check all that is wrong with it, and schema what editors complete it
// by. --set NAME=VALUE gives a variable its value. docs/scenarios.md is the language.
//
// A scenario with checks of single ports (services, starface-ports) has each end listen
// where the other one knocks: ports below 1024 need the right to listen on them, here
// for those outwards. From behind a NAT of the client's own, ports outwards cannot be
// proven and are skipped.
//
// Checks of kinds server and provider (starface-servers, starface-connect) have the
// responder ask servers of others, where its operator allows it; what fails from the site
// is asked once more from here. Without TARGET all is allowed. See docs/servers.md.
//
// With --scenario nat the run measures how the NATs behave, in the terms of RFC 4787:
// the site's, and for information the client's own. --second-address ADDR, another
// address of this machine, shows what differs by address; it is used once the responder
// has had an answer to a challenge from there. --stun HOST[:PORT], which may be repeated,
// asks STUN servers of others too; a server of RFC 5780 stands in for a second address.
//
// The report goes to standard output, as text or with --json as one JSON object;
// progress and errors go to standard error. With --out DIR the run leaves
// evidence.json (both ends' ledgers, from which diagnose makes the same report
// again), report.json and report.txt, in place of those of an earlier run. Whoever
// interrupts a run, or closes its window, gets and keeps the report of what was measured
// until then. On Windows, what goes to a pipe or a file and not to the console is
// written with ASCII signs, since most programs there do not read it as UTF-8.
//
// How late this program itself sent stands beside the jitter (sender_lateness_p99_ms). Where
// one packet in a hundred left more than 2 ms late, the report says so in a remark under
// local-fault, which changes no verdict; beyond 60 ms, or where audio would be within its
// limit without that, it is the finding local-fault.
//
// With --router-wan ADDR, the address that the site's router shows as its own on the WAN
// side, a second NAT before it is found even if the router does not tell the responder.
//
// With --router NAME, for run and for diagnose, each cause that can be mended on that
// router comes with the exact switch, menus or commands, and with how to check that it
// took effect. The name is kept in the evidence; it changes no verdict.
//
// The exit status is 0 for pass, 1 for degraded, 2 for fail, and 3 when the run is
// inconclusive, could not be made, or the command was wrong.
package main

import (
	"os"

	"bothways/internal/cli"
	"bothways/internal/console"
)

func main() { os.Exit(cli.Client(os.Args[1:], console.Process())) }
