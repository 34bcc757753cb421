package sipprobe_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
)

const (
	serverAddr = "192.0.2.1:5060"
	peerAddr   = "198.51.100.7:5060"
)

var serverAt = netip.MustParseAddrPort(serverAddr)

// request is a raw request that a transaction can be made of; a body gets its length.
func request(method, branch string, more ...string) string {
	body := ""
	if n := len(more); n > 0 && strings.HasPrefix(more[n-1], "body=") {
		body, more = strings.TrimPrefix(more[n-1], "body="), more[:n-1]
	}
	head := []string{
		method + " sip:x@192.0.2.1 SIP/2.0", "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK" + branch + ";rport",
		"From: <sip:a@10.0.0.1>;tag=f", "To: <sip:x@192.0.2.1>", "Call-ID: raw-" + branch, "CSeq: 1 " + method,
		"Max-Forwards: 70", "User-Agent: a peer that has a long and detailed name, as many do, to be larger than a challenge",
		"Contact: <sip:a@10.0.0.1>", "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE",
	}
	head = append(head, more...)
	return lines(append(head, fmt.Sprintf("Content-Length: %d", len(body)), "", body)...)
}

// served runs a test against a guarded endpoint on a memory network.
func served(t *testing.T, cfg sipprobe.GuardConfig, f func(t *testing.T, peer *node, tape *sipprobe.Tape)) {
	synctest.Test(t, func(t *testing.T) {
		m, tape := newMemory(), &sipprobe.Tape{}
		cfg.Key = testKey
		m.endpoint(t, serverAddr, sipprobe.EndpointConfig{
			Key: testKey, Guard: sipprobe.NewGuard(cfg), Tape: tape, Serve: answerUser,
		})
		f(t, m.node(peerAddr), tape)
	})
}

// answerUser says who asked.
func answerUser(in *sipprobe.Incoming) { in.Reply(200, "user "+in.User, sipprobe.Body{}) }

func TestChallengeIsNeverLarger(t *testing.T) {
	sipsak := lines("OPTIONS sip:192.0.2.1 SIP/2.0",
		"Via: SIP/2.0/UDP 198.51.100.7:33333;branch=z9hG4bK.5b0a7a3d;rport;alias",
		"From: sip:sipsak@198.51.100.7:33333;tag=4dbd6bf2", "To: sip:192.0.2.1", "Call-ID: 1304259570@198.51.100.7",
		"CSeq: 1 OPTIONS", "Contact: sip:sipsak@198.51.100.7:33333", "Content-Length: 0", "Max-Forwards: 70",
		"User-Agent: sipsak 0.9.8.1", "Accept: text/plain", "", "")
	sippSDP := lines("v=0", "o=user1 53655765 2353687637 IN IP4 198.51.100.7", "s=-", "c=IN IP4 198.51.100.7", "t=0 0",
		"m=audio 6000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "")
	sipp := lines("INVITE sip:service@192.0.2.1:5060 SIP/2.0", "Via: SIP/2.0/UDP 198.51.100.7:5061;branch=z9hG4bK-4711-1-0",
		"From: sipp <sip:sipp@198.51.100.7:5061>;tag=4711SIPpTag001", "To: service <sip:service@192.0.2.1:5060>",
		"Call-ID: 1-4711@198.51.100.7", "CSeq: 1 INVITE", "Contact: sip:sipp@198.51.100.7:5061", "Max-Forwards: 70",
		"Subject: Performance Test", "Content-Type: application/sdp", fmt.Sprintf("Content-Length:   %d", len(sippSDP)), "", sippSDP)
	tiny := lines("OPTIONS sip:x SIP/2.0", "v:SIP/2.0/UDP h;branch=z9hG4bKa", "f:<sip:a>;tag=1", "t:<sip:b>", "i:1", "CSeq:1 OPTIONS", "", "")
	for name, row := range map[string]struct {
		request  string
		answered bool
	}{
		"sipsak": {sipsak, true}, "sipp": {sipp, true}, "tiny": {tiny, false}, "raw": {request("OPTIONS", "a"), true},
	} {
		t.Run(name, func(t *testing.T) {
			served(t, sipprobe.GuardConfig{}, func(t *testing.T, peer *node, tape *sipprobe.Tape) {
				peer2 := peer.net.node("198.51.100.7:5061")
				got := append(peer.say(serverAt, row.request), peer2.heard()...)
				if (len(got) == 1) != row.answered {
					t.Fatalf("%d answers, %q", len(got), tape.Records("")[0].Note)
				}
				for _, g := range got {
					if len(g) > len(row.request) || !strings.HasPrefix(g, "SIP/2.0 401 ") {
						t.Errorf("%d bytes to %d:\n%s", len(g), len(row.request), g)
					}
				}
			})
		})
	}
}

// Our own requests must always be worth a challenge.
func TestOwnRequestsCanBeChallenged(t *testing.T) {
	for _, addr := range []string{"192.0.2.1:5060", "[2001:db8:1234:5678:9abc:def0:1234:5678]:50600"} {
		for _, token := range []string{"a", strings.Repeat("long-token.", 11)} {
			for _, user := range []string{"u", "a-longer-user"} {
				synctest.Test(t, func(t *testing.T) {
					m := newMemory()
					at := netip.MustParseAddrPort(addr)
					from := netip.AddrPortFrom(at.Addr().Next(), 12345).String()
					cfg := guarded(func(in *sipprobe.Incoming) {
						if in.Method == "INVITE" {
							in.Accept(t.Context(), token+"x", nil)
							return
						}
						answer200(in)
					})
					m.endpoint(t, addr, cfg)
					client := m.endpoint(t, from, sipprobe.EndpointConfig{Key: testKey, User: user, Software: "x"})
					to := sipprobe.Target{Peer: at, Token: token, NoRport: true}
					call, invite := client.Invite(t.Context(), to, nil)
					out := []sipprobe.Outcome{
						client.Options(t.Context(), to).Outcome, client.Message(t.Context(), to, "a/b", "", nil).Outcome, invite.Outcome,
					}
					if call != nil {
						out = append(out, call.Bye(t.Context()).Outcome)
					}
					want := []sipprobe.Outcome{sipprobe.Accepted, sipprobe.Accepted, sipprobe.Accepted, sipprobe.Accepted}
					if d := cmp.Diff(want, out); d != "" {
						t.Errorf("%s %q: %s", addr, token, d)
					}
					for _, f := range m.flights() {
						if len(f.data) > sipprobe.MaxDatagram {
							t.Errorf("%d bytes", len(f.data))
						}
					}
				})
			}
		}
	}
}

func TestUnsupportedProtocolBeforeChallenge(t *testing.T) {
	served(t, sipprobe.GuardConfig{Accept: "application/x-v1"}, func(t *testing.T, peer *node, _ *sipprobe.Tape) {
		got := peer.say(serverAt, request("MESSAGE", "a", "Content-Type: application/x-v2", "body={}"))
		if len(got) != 1 || !strings.HasPrefix(got[0], "SIP/2.0 415 ") || field(got[0], "Accept") != "application/x-v1" {
			t.Errorf("%q", got)
		}
		got = peer.say(serverAt, request("MESSAGE", "b", "c: application/X-V1", "body={}"))
		if d := cmp.Diff([]string{"SIP/2.0 401 Unauthorized"}, firsts(got)); d != "" {
			t.Error(d)
		}
	})
}

func TestRateLimit(t *testing.T) {
	served(t, sipprobe.GuardConfig{PerSource: 5}, func(t *testing.T, peer *node, tape *sipprobe.Tape) {
		answers := func(n int) int {
			for i := range n {
				peer.WriteTo([]byte(request("OPTIONS", fmt.Sprint(i))), net.UDPAddrFromAddrPort(serverAt))
			}
			synctest.Wait()
			return len(peer.heard())
		}
		if n := answers(100); n != 10 {
			t.Errorf("%d answers at once, want 10", n)
		}
		time.Sleep(time.Second)
		if n := answers(100); n != 5 {
			t.Errorf("%d answers a second later, want 5", n)
		}
		neighbour := peer.net.node("198.51.100.8:5060")
		if n := len(neighbour.say(serverAt, request("OPTIONS", "n"))); n != 1 {
			t.Errorf("%d answers to another source", n)
		}
		v6 := []*node{peer.net.node("[2001:db8::1]:5060"), peer.net.node("[2001:db8::2]:5060")}
		n := 0
		for i := range 40 {
			n += len(v6[i%2].say(serverAt, request("OPTIONS", fmt.Sprint("six", i))))
		}
		if n != 10 {
			t.Errorf("%d answers to one IPv6 network, want 10", n)
		}
		if note := tape.Records("")[60].Note; note != "rate limit" {
			t.Errorf("noted %q", note)
		}
	})
}

// TestProvenSourceIsNotHeldUp places more requests at once, each of them challenged,
// than a stranger may draw challenges for.
func TestProvenSourceIsNotHeldUp(t *testing.T) {
	s := setting{sipprobe.TCP, "127.0.0.1"} // where nothing is sent again
	server := s.listen(t, sipprobe.EndpointConfig{
		Key: testKey, Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: testKey, PerSource: 1}), Serve: answer200,
	})
	client := s.listen(t, sipprobe.EndpointConfig{Key: testKey})
	dial(t, client, server.Local())
	for i := range 30 {
		x := client.Options(bounded(t, 2*time.Second), sipprobe.Target{Peer: server.Local(), Token: fmt.Sprint("o", i)})
		if x.Outcome != sipprobe.Accepted {
			t.Fatalf("request %d: %s %s", i, x.Outcome, x.Error)
		}
	}
}

func TestAnswerAnyone(t *testing.T) {
	served(t, sipprobe.GuardConfig{AnswerAnyone: true, PerSource: 5}, func(t *testing.T, peer *node, _ *sipprobe.Tape) {
		for branch, row := range map[string]struct{ request, want string }{
			"a": {request("OPTIONS", "a"), "SIP/2.0 200 user "},
			"b": {request("MESSAGE", "b", "body={}"), "SIP/2.0 401 Unauthorized"},
			"c": {request("OPTIONS", "c", `Authorization: Digest username="root", realm="bothways", nonce="x", uri="sip:bothways", response="00", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c"`), "SIP/2.0 401 Unauthorized"},
		} {
			if d := cmp.Diff([]string{row.want}, firsts(peer.say(serverAt, row.request))); d != "" {
				t.Errorf("%s: %s", branch, d)
			}
		}
		if got := peer.say(serverAt, request("message", "d", "body={}")); len(got) != 0 {
			t.Errorf("another spelling of MESSAGE: %q", got)
		}
		n := 0
		for i := range 40 {
			n += len(peer.say(serverAt, request("OPTIONS", fmt.Sprint(i))))
		}
		if n > 10 {
			t.Errorf("%d answers to a flood", n)
		}
	})
}

func TestSourceOfReplies(t *testing.T) {
	for name, row := range map[string]struct{ via, at string }{
		"rport":         {"SIP/2.0/UDP 203.0.113.9:7777;branch=z9hG4bKa;rport", peerAddr},
		"no rport":      {"SIP/2.0/UDP 203.0.113.9:7777;branch=z9hG4bKa", "198.51.100.7:7777"},
		"no port":       {"SIP/2.0/UDP victim.example;branch=z9hG4bKa", "198.51.100.7:5060"},
		"filled rport":  {"SIP/2.0/UDP 203.0.113.9:7777;rport=4444;branch=z9hG4bKa", peerAddr},
		"received":      {"SIP/2.0/UDP 203.0.113.9:7777;received=203.0.113.5;branch=z9hG4bKa;rport", peerAddr},
		"maddr":         {"SIP/2.0/UDP 203.0.113.9:7777;maddr=203.0.113.5;branch=z9hG4bKa;rport", peerAddr},
		"IPv6":          {"SIP/2.0/UDP [2001:db8::9]:7777;branch=z9hG4bKa", "198.51.100.7:7777"},
		"spaces, rport": {"SIP / 2.0 / UDP  203.0.113.9 : 7777 ; branch=z9hG4bKa ; rport", peerAddr},
	} {
		for _, open := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", name, open), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := newMemory()
					cfg := sipprobe.EndpointConfig{Serve: answer200}
					if !open {
						cfg.Guard = guard()
					}
					m.endpoint(t, serverAddr, cfg)
					for _, method := range []string{"OPTIONS", "INFO"} {
						msg := request(method, "a")
						old := field(msg, "Via")
						m.node(peerAddr).say(serverAt, strings.Replace(msg, old, row.via, 1))
					}
					n := 0
					for _, f := range m.flights() {
						if f.from != serverAt {
							continue
						}
						if n++; f.to.String() != row.at {
							t.Errorf("answered to %v, want %v", f.to, row.at)
						}
					}
					if n == 0 && !strings.HasPrefix(name, "spaces") {
						t.Error("no answer")
					}
				})
			})
		}
	}
}

// A far end that is trusted draws more answers than a stranger does.
func TestTrust(t *testing.T) {
	for trusted, want := range map[bool]bool{true: true, false: false} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemory()
			g := guard()
			m.endpoint(t, serverAddr, sipprobe.EndpointConfig{Serve: answer200, Guard: g})
			if trusted {
				g.Trust(netip.MustParseAddrPort(clientAddr).Addr())
			}
			client := m.node(clientAddr)
			answers := 0
			for i := range 100 {
				answers += len(client.say(serverAt, tcp("OPTIONS", fmt.Sprint("a", i))))
			}
			if got := answers == 100; got != want {
				t.Errorf("trusted %v: %d answers", trusted, answers)
			}
		})
	}
}
