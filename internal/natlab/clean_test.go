package natlab_test

import (
	"net/netip"
	"testing"

	"bothways/internal/natlab"
)

func TestForwardedUDP(t *testing.T) {
	t.Parallel()
	lab := build(t, both())
	a := lab.Addresses
	inside, outside := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 40000)
	if src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon); src != addrPort(a.Outside, 40000) {
		t.Errorf("inbound from %v, want the outside host's own address", src)
	}
	if src := send(t, inside, addrPort(a.Outside, 40000), outside, soon); src != addrPort(a.SiteWAN, 5060) {
		t.Errorf("reply from %v, want the forwarded address", src)
	}
}

func TestForwardedTCP(t *testing.T) {
	t.Parallel()
	lab := build(t, both())
	a := lab.Addresses
	l := tcpListener(t, lab.Inside, a.Inside, 5060)
	src, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5060), l, soon)
	if err != nil || src.Addr() != a.Outside {
		t.Errorf("connected from %v, %v, want %v", src, err, a.Outside)
	}
	if _, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 6060), l, gone); err == nil {
		t.Error("connected to a port that is not forwarded")
	}
}

func TestShiftedForward(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{Forwards: []natlab.Forward{
		{Proto: natlab.UDP, Ports: natlab.Ports{From: 10000, To: 20000}, ToPort: 10002},
		{Proto: natlab.TCP, Ports: natlab.Port(5070), ToPort: 5060},
	}})
	a := lab.Addresses
	outside := udp(t, lab.Outside, a.Outside, 0)
	for _, port := range []uint16{10000, 12345, 20000} {
		inside := udp(t, lab.Inside, a.Inside, port+2)
		if src := send(t, outside, addrPort(a.SiteWAN, port), inside, soon); src.Addr() != a.Outside {
			t.Errorf("port %d did not arrive at %d", port, port+2)
		}
	}
	l := tcpListener(t, lab.Inside, a.Inside, 5060)
	if _, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5070), l, soon); err != nil {
		t.Error(err)
	}
}

func TestMasquerade(t *testing.T) {
	t.Parallel()
	for _, random := range []bool{false, true} {
		lab := build(t, natlab.Topology{RandomPorts: random})
		a := lab.Addresses
		outside := udp(t, lab.Outside, a.Outside, 5060)
		kept := 0
		for port := uint16(6000); port < 6008; port++ {
			inside := udp(t, lab.Inside, a.Inside, port)
			src := send(t, inside, addrPort(a.Outside, 5060), outside, soon)
			if src.Addr() != a.SiteWAN {
				t.Fatalf("seen from %v, want %v", src, a.SiteWAN)
			}
			if src.Port() == port {
				kept++
			}
			if back := send(t, outside, src, inside, soon); back != addrPort(a.Outside, 5060) {
				t.Errorf("no reply to the flow from %v: %v", src, back)
			}
		}
		if random && kept == 8 || !random && kept != 8 {
			t.Errorf("random ports %v: %d of 8 source ports were kept", random, kept)
		}
	}
}

// A mapping lets in only the peer that was sent to: address and port.
func TestUnsolicitedIsDropped(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{})
	a := lab.Addresses
	inside := udp(t, lab.Inside, a.Inside, 5060)
	outside := udp(t, lab.Outside, a.Outside, 5060)
	if src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, gone); src.IsValid() {
		t.Error("an unsolicited packet came in")
	}
	if src := send(t, inside, addrPort(a.Outside, 5060), outside, soon); src != addrPort(a.SiteWAN, 5060) {
		t.Fatalf("outbound seen from %v", src)
	}
	for name, addr := range map[string]netip.AddrPort{"port": addrPort(a.Outside, 5062), "address": addrPort(a.OutsideSecond, 5060)} {
		other := udp(t, lab.Outside, addr.Addr(), addr.Port())
		if src := send(t, other, addrPort(a.SiteWAN, 5060), inside, gone); src.IsValid() {
			t.Errorf("a packet from another %s came in", name)
		}
	}
	if src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon); src != addrPort(a.Outside, 5060) {
		t.Error("the peer that was sent to cannot answer")
	}
}

func TestPrivateDestinationVanishes(t *testing.T) {
	t.Parallel()
	lab := build(t, both())
	inside := udp(t, lab.Inside, lab.Addresses.Inside, 5060)
	outside := udp(t, lab.Outside, lab.Addresses.Outside, 0)
	if src := send(t, outside, addrPort(lab.Addresses.Inside, 5060), inside, gone); src.IsValid() {
		t.Error("a private address was reached from outside")
	}
}

func TestSecondAddress(t *testing.T) {
	t.Parallel()
	lab := build(t, both())
	a := lab.Addresses
	for _, tt := range []struct{ site, second, first netip.Addr }{
		{a.SiteWAN, a.OutsideSecond, a.Outside},
		{a.Inside6, a.OutsideSecond6, a.Outside6},
	} {
		own := a.Inside
		if tt.site.Is6() {
			own = a.Inside6
		}
		inside := udp(t, lab.Inside, own, 5060)
		second := udp(t, lab.Outside, tt.second, 0)
		if src := send(t, second, addrPort(tt.site, 5060), inside, soon); src.Addr() != tt.second {
			t.Errorf("arrived from %v, want %v", src, tt.second)
		}
		unbound := netip.IPv4Unspecified()
		if tt.site.Is6() {
			unbound = netip.IPv6Unspecified()
		}
		if src := send(t, udp(t, lab.Outside, unbound, 0), addrPort(tt.site, 5060), inside, soon); src.Addr() != tt.first {
			t.Errorf("an unbound socket sends from %v, want %v", src, tt.first)
		}
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	for name, topology := range map[string]natlab.Topology{
		"plain": both(), "carrier": {Carrier: true, Forwards: both().Forwards}, "client NAT": {ClientNAT: true, Forwards: both().Forwards},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := build(t, topology)
			a := lab.Addresses
			open, shut := udp(t, lab.Inside, a.Inside6, 5060), udp(t, lab.Inside, a.Inside6, 6060)
			outside := udp(t, lab.Outside, a.Outside6, 5060)
			if src := send(t, outside, addrPort(a.Inside6, 6060), shut, gone); src.IsValid() {
				t.Error("a packet passed where there is no pinhole")
			}
			if src := send(t, outside, addrPort(a.Inside6, 5060), open, soon); src != addrPort(a.Outside6, 5060) {
				t.Errorf("inbound through the pinhole from %v", src)
			}
			fresh := udp(t, lab.Outside, a.Outside6, 5062)
			if src := send(t, shut, addrPort(a.Outside6, 5062), fresh, wait(!topology.ClientNAT)); src.IsValid() == topology.ClientNAT {
				t.Errorf("outbound from %v, client filters: %v", src, topology.ClientNAT)
			}
			l := tcpListener(t, lab.Inside, a.Inside6, 5061)
			if src, err := connect(t, lab.Outside, addrPort(a.Inside6, 5061), l, soon); err != nil || src.Addr() != a.Outside6 {
				t.Errorf("connected from %v, %v", src, err)
			}
		})
	}
}
