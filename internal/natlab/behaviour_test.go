package natlab_test

import (
	"net"
	"net/netip"
	"testing"

	"bothways/internal/natlab"
)

func TestHairpin(t *testing.T) {
	t.Parallel()
	for _, works := range []bool{false, true} {
		topology := both()
		topology.Hairpin = works
		lab := build(t, topology)
		a := lab.Addresses
		target, other := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Inside, a.Inside, 7000)
		src := send(t, other, addrPort(a.SiteWAN, 5060), target, wait(works))
		if src.IsValid() != works {
			t.Fatalf("hairpin %v: arrived from %v", works, src)
		}
		if !works {
			continue
		}
		if back := send(t, target, src, other, soon); back != addrPort(a.SiteWAN, 5060) {
			t.Errorf("answered from %v", back)
		}
		if src := send(t, other, addrPort(a.SiteWAN, 6060), udp(t, lab.Inside, a.Inside, 6060), gone); src.IsValid() {
			t.Error("a port that is not forwarded hairpins")
		}
	}
}

func TestHideSources(t *testing.T) {
	t.Parallel()
	for _, hides := range []bool{false, true} {
		topology := both()
		topology.HideSources = hides
		lab := build(t, topology)
		a := lab.Addresses
		inside, outside := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 7000)
		want := addrPort(a.Outside, 7000)
		if hides {
			want = addrPort(a.RouterLAN, 7000)
		}
		src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon)
		if src != want {
			t.Fatalf("hides %v: arrived from %v, want %v", hides, src, want)
		}
		if back := send(t, inside, src, outside, soon); back != addrPort(a.SiteWAN, 5060) {
			t.Errorf("hides %v: answered from %v", hides, back)
		}
	}
}

func TestFiltering(t *testing.T) {
	t.Parallel()
	for filtering, lets := range map[natlab.Filtering][2]bool{
		"": {false, false}, natlab.AddressDependent: {true, false}, natlab.EndpointIndependent: {true, true},
	} {
		lab := build(t, natlab.Topology{Behaviour: natlab.Behaviour{Filtering: filtering}})
		a := lab.Addresses
		inside, peer := udp(t, lab.Inside, a.Inside, 7000), udp(t, lab.Outside, a.Outside, 5060)
		if src := send(t, peer, addrPort(a.SiteWAN, 7000), inside, gone); src.IsValid() {
			t.Errorf("%q: a packet came in before any left", filtering)
		}
		peer = udp(t, lab.Outside, a.Outside, 5061)
		if src := send(t, inside, addrPort(a.Outside, 5061), peer, soon); src != addrPort(a.SiteWAN, 7000) {
			t.Fatalf("%q: seen from %v", filtering, src)
		}
		for i, from := range []netip.Addr{a.Outside, a.OutsideSecond} {
			src := send(t, udp(t, lab.Outside, from, 5062), addrPort(a.SiteWAN, 7000), inside, wait(lets[i]))
			if src.IsValid() != lets[i] {
				t.Errorf("%q: from %v: %v", filtering, from, src)
			}
		}
	}
}

func TestShiftSources(t *testing.T) {
	t.Parallel()
	topology := both()
	topology.ShiftSources = 20001
	lab := build(t, topology)
	a := lab.Addresses
	far := map[uint16]*net.UDPConn{7000: udp(t, lab.Outside, a.Outside, 7000), 7001: udp(t, lab.Outside, a.Outside, 7001)}
	for _, port := range []uint16{10000, 12345, 20000} {
		inside := udp(t, lab.Inside, a.Inside, port)
		for to, conn := range far {
			if src := send(t, inside, addrPort(a.Outside, to), conn, soon); src != addrPort(a.SiteWAN, port+20001) {
				t.Errorf("port %d was seen as %v", port, src)
			}
		}
	}
	if src := send(t, udp(t, lab.Inside, a.Inside, 9000), addrPort(a.Outside, 7002), udp(t, lab.Outside, a.Outside, 7002), soon); src != addrPort(a.SiteWAN, 9000) {
		t.Errorf("another port was seen as %v", src)
	}
}

func TestBehaviourIsChecked(t *testing.T) {
	t.Parallel()
	for _, b := range []natlab.Behaviour{{Filtering: "none"}, {ShiftSources: 45536}} {
		if _, err := natlab.Build(t.Context(), natlab.Topology{Behaviour: b}); err == nil {
			t.Errorf("%+v was built", b)
		}
	}
}
