package natlab_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/natlab"
)

func TestCarrier(t *testing.T) {
	t.Parallel()
	topology := both(
		natlab.Rule{Name: "at the carrier", Router: natlab.CarrierRouter, Direction: natlab.Outbound,
			Source: netip.MustParsePrefix("100.64.0.10/32"), Proto: natlab.UDP, DestinationPorts: natlab.Port(5999)})
	topology.Carrier = true
	lab := build(t, topology)
	a := lab.Addresses
	if !netip.MustParsePrefix("100.64.0.0/10").Contains(a.RouterWAN) {
		t.Errorf("the site router's WAN address is %v", a.RouterWAN)
	}
	inside, outside := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 5060)
	for _, dst := range []netip.Addr{a.SiteWAN, a.RouterWAN} {
		if send(t, outside, addrPort(dst, 5060), inside, gone).IsValid() {
			t.Errorf("a forward behind the carrier helped towards %v", dst)
		}
	}
	if src := send(t, inside, addrPort(a.Outside, 5060), outside, soon); src != addrPort(a.SiteWAN, 5060) {
		t.Errorf("seen from %v, want the carrier's address", src)
	}
	if !send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon).IsValid() {
		t.Error("the reply did not come back")
	}
	blocked := udp(t, lab.Outside, a.Outside, 5999)
	if send(t, inside, addrPort(a.Outside, 5999), blocked, gone).IsValid() || hits(t, lab, "at the carrier") != 1 {
		t.Error("the carrier's rule missed")
	}
}

func TestClientNAT(t *testing.T) {
	t.Parallel()
	topology := both(
		natlab.Rule{Name: "towards the site", Router: natlab.ClientRouter, Direction: natlab.Inbound, Source: netip.MustParsePrefix("10.0.0.21/32")},
		natlab.Rule{Name: "towards the client", Router: natlab.ClientRouter, Direction: natlab.Outbound, Proto: natlab.UDP, SourcePorts: natlab.Port(5061)})
	topology.ClientNAT = true
	lab := build(t, topology)
	a := lab.Addresses
	inside, outside := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 5060)
	if send(t, inside, addrPort(a.OutsidePublic, 5060), outside, gone).IsValid() {
		t.Error("an unsolicited packet reached the client")
	}
	if src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon); src.Addr() != a.OutsidePublic {
		t.Errorf("inbound from %v, want %v", src, a.OutsidePublic)
	} else if !send(t, inside, src, outside, soon).IsValid() {
		t.Error("the reply did not reach the client")
	}
	second := udp(t, lab.Outside, a.OutsideSecond, 0)
	if send(t, second, addrPort(a.SiteWAN, 5060), inside, gone).IsValid() || hits(t, lab, "towards the site") != 1 {
		t.Error("the rule on the way to the site missed")
	}
	media := udp(t, lab.Inside, a.Inside, 5061)
	src := send(t, outside, addrPort(a.SiteWAN, 5061), media, soon)
	if send(t, media, src, outside, gone).IsValid() || hits(t, lab, "towards the client") != 1 {
		t.Error("the rule on the way to the client missed")
	}
}

func TestCarrierAndClientNAT(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{Carrier: true, ClientNAT: true})
	var names []string
	for _, h := range lab.Hosts() {
		names = append(names, h.Name())
	}
	if got := strings.Join(names, " "); got != "inside site carrier internet client-router outside" {
		t.Errorf("hosts %q", got)
	}
	if lab.Host("outside") != lab.Outside || lab.Host("nobody") != nil {
		t.Error("Host finds the wrong hosts")
	}
	if got := lab.Outside.Addrs(); len(got) != 4 || got[0] != lab.Addresses.Outside || !got[2].Is6() {
		t.Errorf("the outside host has %v", got)
	}
}

// The kernel forgets a flow when its time is over.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{Timeouts: []natlab.Timeouts{{UDP: time.Second, UDPStream: 7 * time.Second}}})
	out, err := lab.Site.Command(t.Context(), "cat", "/proc/sys/net/netfilter/nf_conntrack_udp_timeout",
		"/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream").Output()
	if err != nil || string(out) != "1\n7\n" {
		t.Errorf("timeouts are %q, %v", out, err)
	}
	a := lab.Addresses
	inside, outside := udp(t, lab.Inside, a.Inside, 5060), udp(t, lab.Outside, a.Outside, 5060)
	src := send(t, inside, addrPort(a.Outside, 5060), outside, soon)
	if receive(t, inside, 2*time.Second).IsValid() {
		t.Fatal("something came in")
	}
	if send(t, outside, src, inside, gone).IsValid() {
		t.Error("the mapping outlived its second")
	}
}

// TestForwardToRouter: a program on the router answers for the site, on that port alone.
func TestForwardToRouter(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{Forwards: []natlab.Forward{{Proto: natlab.TCP, Ports: natlab.Port(5061), Family: natlab.IPv4, To: natlab.SiteHost}}})
	a := lab.Addresses
	proxy, other := tcpListener(t, lab.Site, a.RouterLAN, 5061), tcpListener(t, lab.Site, a.RouterLAN, 5062)
	if from, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5061), proxy, soon); err != nil || from.Addr() != a.Outside {
		t.Errorf("from %v, %v", from, err)
	}
	if _, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5062), other, gone); err == nil {
		t.Error("a port that is not forwarded reached the router")
	}
	inside := tcpListener(t, lab.Inside, a.Inside, 5061)
	if from, err := connect(t, lab.Site, addrPort(a.Inside, 5061), inside, soon); err != nil || from.Addr() != a.RouterLAN {
		t.Errorf("from %v, %v", from, err)
	}
}
