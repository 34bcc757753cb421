package natlab_test

import (
	"testing"
	"time"

	"bothways/internal/natlab"
)

// TestPinMedia: once SDP has left for a host, its media port is that host's alone.
func TestPinMedia(t *testing.T) {
	t.Parallel()
	topology := boxed(natlab.Alteration{Name: "pin", Change: natlab.PinMedia})
	topology.Forwards = append(topology.Forwards, natlab.Forward{Ports: natlab.Ports{From: 10000, To: 10009}})
	lab := build(t, topology)
	a := lab.Addresses
	sip, peer := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 5060)
	media, other := udp(t, lab.Inside, a.Inside, 10000), udp(t, lab.Inside, a.Inside, 10002)
	first, second := udp(t, lab.Outside, a.Outside, 20000), udp(t, lab.Outside, a.OutsideSecond, 20000)
	to, toOther := addrPort(a.SiteWAN, 10000), addrPort(a.SiteWAN, 10002)
	const short = 300 * time.Millisecond
	if carry(t, second, to, media, "before", soon) != "before" {
		t.Fatal("before the call nobody is kept out")
	}
	if sent := invite("UDP", addrPort(a.Inside, 5060), addrPort(a.Outside, 5060)); carry(t, sip, addrPort(a.Outside, 5060), peer, sent, soon) != sent {
		t.Error("the message was changed")
	}
	if carry(t, first, to, media, "peer", soon) != "peer" || carry(t, second, toOther, other, "elsewhere", soon) != "elsewhere" {
		t.Error("the peer, or another port, is kept out")
	}
	if got := carry(t, second, to, media, "stranger", short); got != "" {
		t.Errorf("the stranger got in: %q", got)
	}
	if c, err := lab.Counters(); err != nil || c[len(c)-1].Packets != 1 {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := natlab.Build(t.Context(), boxed(natlab.Alteration{Name: "pin", Change: natlab.PinMedia, Direction: natlab.Inbound})); err == nil {
		t.Error("a direction was accepted")
	}
}
