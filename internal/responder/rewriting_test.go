package responder_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// TestAside opens a port of the media range for SIP, once, and leaves nothing of it.
func TestAside(t *testing.T) {
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 30600, To: 30609} })
	a := newAgent(t, r, sipprobe.UDP, "one")
	a.hello(t)
	first, again := a.order(t, pairing.Order{Seq: 1, Aside: true}), a.order(t, pairing.Order{Seq: 2, Aside: true})
	if first.Error != "" || first.Aside < 30600 || first.Aside > 30609 || again.Aside != first.Aside || free(first.Aside) {
		t.Fatalf("%+v, %+v", first, again)
	}
	a.order(t, pairing.Order{Seq: 3, End: true})
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return free(first.Aside) }) {
		t.Errorf("port %d is still held", first.Aside)
	}
}

// TestShowIsBounded refuses what would send elsewhere than to the client.
func TestShowIsBounded(t *testing.T) {
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.UDP, "one")
	a.hello(t)
	for n, show := range []pairing.Show{
		{Token: "one-x", Transport: sipprobe.UDP, Port: 9, Aside: true}, // none was opened
		{Token: "one-x", Transport: sipprobe.TCP},                       // no such flow
		{Token: "one x", Transport: sipprobe.UDP},
		{Token: "one-x", Transport: "sctp", Port: 5060},
	} {
		reply := a.order(t, pairing.Order{Seq: n + 1, Show: &show})
		for _, s := range reply.Shown {
			if s.Copies != 0 {
				t.Errorf("%+v: %+v", show, s)
			}
		}
		if reply.Error == "" && reply.Shown == nil {
			t.Errorf("%+v: %+v", show, reply)
		}
	}
}

// TestShow has the forms sent to the client's own port, from the responder's SIP port.
func TestShow(t *testing.T) {
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.UDP, "one")
	a.hello(t)
	own, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	reply := make(chan pairing.Reply, 1)
	port := uint16(own.LocalAddr().(*net.UDPAddr).Port)
	go func() {
		reply <- a.order(t, pairing.Order{Seq: 1, Show: &pairing.Show{Token: "one-x", Transport: sipprobe.UDP, Port: port}})
	}()
	seen := make(map[string]bool)
	buf := make([]byte, 4096)
	own.SetReadDeadline(time.Now().Add(time.Minute))
	for len(seen) < len(sipprobe.Forms()) {
		n, from, err := own.ReadFrom(buf)
		if err != nil {
			t.Fatalf("%v after %v", err, seen)
		}
		if from.String() != a.peer.String() {
			t.Errorf("from %v", from)
		}
		_, name, _ := strings.Cut(string(buf[:n]), "branch=z9hG4bKone-x-")
		name, _, _ = strings.Cut(name, "\r\n")
		seen[strings.TrimSuffix(name, ";rport")] = true
	}
	for _, s := range networktest.Within(t, reply, "the responder goes on").Shown {
		if s.Status != 0 || !seen[s.Form] {
			t.Errorf("%+v", s)
		}
	}
}
