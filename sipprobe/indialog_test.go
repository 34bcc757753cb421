package sipprobe_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
)

func TestInDialogRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		// An open server, called by a raw peer.
		calls := make(chan *sipprobe.Call, 1)
		m.endpoint(t, serverAddr, sipprobe.EndpointConfig{Serve: func(in *sipprobe.Incoming) {
			if in.Method != "INVITE" {
				in.Reply(405, "Method Not Allowed", sipprobe.Body{})
				return
			}
			call, _ := in.Accept(t.Context(), "srv", nil)
			calls <- call
		}})
		peer := m.node(peerAddr)
		ok := one(t, peer.say(serverAt, request("INVITE", "a")))
		inDialog := func(method, branch string) string {
			r := strings.Replace(request(method, branch), "raw-"+branch, "raw-a", 1)
			return strings.Replace(r, "To: <sip:x@192.0.2.1>", "To: "+field(ok, "To"), 1)
		}
		if got := peer.say(serverAt, inDialog("ACK", "k")); len(got) != 0 {
			t.Errorf("ACK was answered: %q", got)
		}
		call := <-calls
		for _, row := range []struct{ message, want string }{
			{inDialog("INVITE", "r"), "SIP/2.0 488 Not Acceptable Here"},
			{inDialog("UPDATE", "u"), "SIP/2.0 200 OK"}, // a refresh,
			{strings.Replace(inDialog("BYE", "s"), "tag=f", "tag=other", 1), "SIP/2.0 481 Call/Transaction Does Not Exist"},
			{request("BYE", "n"), "SIP/2.0 481 Call/Transaction Does Not Exist"},
			{request("INVITE", "x", "Expires: 1"), "SIP/2.0 200 OK"}, // another call
			{inDialog("BYE", "b"), "SIP/2.0 200 OK"},
			{inDialog("BYE", "b"), "SIP/2.0 200 OK"}, // again
		} {
			got := peer.say(serverAt, row.message)
			if d := cmp.Diff([]string{row.want}, firsts(got)); d != "" {
				t.Error(d)
			}
			if strings.Contains(row.want, "488") {
				peer.say(serverAt, strings.Replace(inDialog("ACK", "r"), "z9hG4bKk", "z9hG4bKr", 1))
			}
		}
		if call.EndReason() != "the far end hung up" {
			t.Errorf("ended %q", call.EndReason())
		}
	})
}

func TestMaySend(t *testing.T) {
	third := netip.MustParseAddrPort("203.0.113.66:5060")
	for name, row := range map[string]struct {
		contact string
		may     func(netip.AddrPort) bool
		want    string
	}{
		"obeyed":       {"<sip:x@203.0.113.66>", nil, third.String()},
		"not a friend": {"<sip:x@203.0.113.66>", func(to netip.AddrPort) bool { return to != third }, peerAddr},
		"multicast":    {"<sip:x@224.0.0.1>", nil, peerAddr},
		"any":          {"<sip:x@0.0.0.0:5060>", nil, peerAddr},
		"name":         {"<sip:x@victim.example>", nil, peerAddr},
		"port":         {"<sip:x@198.51.100.7:99999>", nil, peerAddr},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.endpoint(t, serverAddr, sipprobe.EndpointConfig{MaySend: row.may, Serve: func(in *sipprobe.Incoming) {
					call, _ := in.Accept(t.Context(), "srv", nil)
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					call.Bye(ctx)
				}})
				peer := m.node(peerAddr)
				invite := strings.Replace(request("INVITE", "a"), "Contact: <sip:a@10.0.0.1>", "Contact: "+row.contact, 1)
				ok := one(t, peer.say(serverAt, invite))
				ack := strings.Replace(request("ACK", "k"), "raw-k", "raw-a", 1)
				peer.say(serverAt, strings.Replace(ack, "To: <sip:x@192.0.2.1>", "To: "+field(ok, "To"), 1))
				time.Sleep(2 * time.Second)
				for _, f := range m.flights() {
					if strings.HasPrefix(f.data, "BYE ") && f.to.String() != row.want {
						t.Errorf("BYE to %v, want %v", f.to, row.want)
					}
				}
			})
		})
	}
}

// TestRefusedReinviteIsAcknowledged tells the ACK of a refusal in a call from that of
// the call: the first stops the refusal from being repeated, and is no sign of the second.
func TestRefusedReinviteIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		accepts := make(chan error, 1)
		m.endpoint(t, serverAddr, sipprobe.EndpointConfig{Serve: func(in *sipprobe.Incoming) {
			_, err := in.Accept(t.Context(), "srv", nil)
			accepts <- err
		}})
		peer := m.node(peerAddr)
		ok := one(t, peer.say(serverAt, request("INVITE", "a")))
		inDialog := func(method, branch string) string {
			r := strings.Replace(request(method, branch), "raw-"+branch, "raw-a", 1)
			return strings.Replace(r, "To: <sip:x@192.0.2.1>", "To: "+field(ok, "To"), 1)
		}
		peer.say(serverAt, inDialog("INVITE", "r"))
		peer.say(serverAt, inDialog("ACK", "r"))
		select {
		case err := <-accepts:
			t.Fatalf("the ACK of the refusal was taken for that of the call: %v", err)
		default:
		}
		peer.say(serverAt, inDialog("ACK", "k"))
		if err := <-accepts; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		refusals := 0
		for _, f := range m.flights() {
			if strings.HasPrefix(f.data, "SIP/2.0 488") {
				refusals++
			}
		}
		if refusals != 1 {
			t.Errorf("488 was sent %d times", refusals)
		}
	})
}
