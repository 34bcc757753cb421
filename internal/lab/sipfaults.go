package lab

import (
	"net/netip"

	"bothways/internal/natlab"
)

// routerLAN is what the lab's ALGs write in place of an address: the site router's own.
var routerLAN = netip.MustParseAddr("192.168.1.1")

// boxed puts alterations onto the wire of a site that forwards everything.
func boxed(all ...natlab.Alteration) natlab.Topology {
	return with(everything(), func(t *natlab.Topology) { t.Box = &natlab.Box{Alterations: all} })
}

// sipFaults are what middleboxes do to SIP on port 5060. The calls survive most of it:
// what is rewritten one way is often put back the other, and rport and the media's own
// proofs find the way that Via, Contact and SDP no longer name.
func sipFaults() []Fault {
	inbound := func(a natlab.Alteration) natlab.Topology {
		a.Direction, a.Messages = natlab.Inbound, natlab.Requests
		return boxed(a)
	}
	return []Fault{
		{Name: "sip-helper", Title: "the router runs the kernel's SIP helper",
			Topology: with(everything(), func(t *natlab.Topology) { t.SIPHelper = []natlab.Router{natlab.SiteRouter} }), Scenario: "trunk",
			Expect: []string{"sip-alg-rewrites", "sip-alg-blocks"}, Verdict: "fail"},
		{Name: "sip-via-rewritten", Title: "an ALG rewrites Via in requests to the site over UDP",
			Topology: inbound(natlab.Alteration{Name: "via", Change: natlab.RewriteVia, Address: routerLAN}), Scenario: "trunk",
			Expect: []string{"sip-alg-rewrites"}, Verdict: "degraded"},
		{Name: "sip-contact-rewritten", Title: "an ALG rewrites Contact in requests to the site over UDP",
			Topology: inbound(natlab.Alteration{Name: "contact", Change: natlab.RewriteContact, Address: routerLAN}), Scenario: "trunk",
			Expect: []string{"sip-alg-rewrites"}, Verdict: "degraded"},
		{Name: "sip-sdp-port-rewritten", Title: "an ALG shifts the media port in the SDP of calls to the site over UDP",
			Topology: inbound(natlab.Alteration{Name: "sdp-port", Change: natlab.RewriteSDPPort, By: 2}), Scenario: "trunk",
			Expect: []string{"sip-alg-rewrites"}, Verdict: "degraded"},
		{Name: "sip-content-length-wrong", Title: "an ALG leaves a wrong Content-Length in calls to the site over UDP",
			Topology: inbound(natlab.Alteration{Name: "content-length", Change: natlab.RewriteContentLength, By: -8, SDP: true}), Scenario: "trunk",
			Expect: []string{"sip-alg-rewrites"}, Verdict: "fail"},
		{Name: "sip-call-id-rewritten", Title: "an ALG rewrites the Call-ID of requests to the site over UDP",
			Topology: inbound(natlab.Alteration{Name: "call-id", Change: natlab.RewriteCallID, Address: routerLAN}), Scenario: "trunk",
			Expect: []string{"sip-alg-rewrites"}, Verdict: "degraded"},
		{Name: "sip-invite-dropped", Title: "a filter drops INVITE with SDP to the site over UDP",
			Topology: inbound(natlab.Alteration{Name: "invite", Change: natlab.DropPacket, Method: "INVITE", SDP: true}), Scenario: "trunk",
			Expect: []string{"sip-alg-blocks"}, Verdict: "fail"},
		{Name: "sip-truncated", Title: "a filter cuts SIP messages to the site off after 768 bytes over UDP",
			Topology: inbound(natlab.Alteration{Name: "truncated", Change: natlab.TruncateMessage, Bytes: 768}), Scenario: "trunk",
			Expect: []string{"transport-unreachable", "sip-alg-rewrites"}, Verdict: "fail"},
		{Name: "ack-dropped", Title: "a filter drops ACK to the site over UDP",
			Topology: inbound(natlab.Alteration{Name: "ack", Change: natlab.DropPacket, Method: "ACK"}), Scenario: "trunk",
			Expect: []string{"ack-lost"}, Verdict: "fail"},
	}
}

// rewritingFaults show SIP in every form that middleboxes react to.
func rewritingFaults() []Fault {
	return []Fault{
		{Name: "rewriting-clean", Title: "nothing is wrong, with SIP in every form shown to the path",
			Topology: everything(), Scenario: "rewriting", Verdict: "pass"},
		{Name: "rewriting-client-nat", Title: "the client's own NAT touches no SIP",
			Topology: with(everything(), func(t *natlab.Topology) { t.ClientNAT = true }), Scenario: "rewriting", Verdict: "pass"},
		{Name: "rewriting-helper", Title: "the router runs the kernel's SIP helper, with SIP in every form shown to it",
			Topology: with(everything(), func(t *natlab.Topology) { t.SIPHelper = []natlab.Router{natlab.SiteRouter} }), Scenario: "rewriting",
			Expect: []string{"sip-alg-rewrites", "sip-alg-blocks"}, Verdict: "fail"},
	}
}
