package responder_test

import (
	"net"
	"testing"

	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// TestSweepTellsWhatIsHeard asks before, during and after a sweep on how many ports requests have arrived. The question ends nothing.
func TestSweepTellsWhatIsHeard(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.UDP, "abc")
	a.hello(t)
	heard := func(n int) *int { return a.sweep(t, n, pairing.SweepOrder{Heard: true}).Sweep.Heard }
	if n := heard(1); n != nil {
		t.Errorf("%d before it listens", *n)
	}
	a.listen(t, 2, "29820-29829")
	if n := heard(3); n == nil || *n != 0 {
		t.Errorf("%v before anything is sent", n)
	}
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	terms := inbound(2)
	terms.Key = pairing.MediaKey("k", "abc")
	sent, err := rtpprobe.Sweep(t.Context(), rtpprobe.SweepConfig{
		Terms: terms, Conns: []net.PacketConn{c}, Remote: loopback, Ports: portSet(t, "29820-29824"),
	})
	if err != nil || sent.End != rtpprobe.SweepComplete {
		t.Errorf("%+v, %v", sent, err)
	}
	if n := heard(4); n == nil || *n != 5 {
		t.Errorf("%v of 5 ports", n)
	}
	a.sweep(t, 5, pairing.SweepOrder{Finish: true})
	if n := heard(6); n != nil {
		t.Errorf("%d after the end", *n)
	}
}
