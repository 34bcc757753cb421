package natlab_test

import (
	"strings"
	"testing"

	"bothways/internal/natlab"
)

// A forward to the neighbour passes the inside host by, for both families.
func TestForwardToTheNeighbour(t *testing.T) {
	t.Parallel()
	topology := both()
	topology.Neighbour = true
	topology.Forwards = []natlab.Forward{{Proto: natlab.UDP, Ports: natlab.Port(5060)}, {Ports: natlab.Port(5070), To: natlab.NeighbourHost}}
	lab := build(t, topology)
	a := lab.Addresses
	if lab.Host(natlab.NeighbourHost) != lab.Neighbour || a.Neighbour.String() != "192.168.1.20" || !a.Neighbour6.Is6() {
		t.Fatalf("the neighbour is %v with %v and %v", lab.Neighbour, a.Neighbour, a.Neighbour6)
	}
	inside, other := udp(t, lab.Inside, a.Inside, 5070), udp(t, lab.Neighbour, a.Neighbour, 5070)
	outside := udp(t, lab.Outside, a.Outside, 40000)
	if src := send(t, outside, addrPort(a.SiteWAN, 5070), other, soon); src != addrPort(a.Outside, 40000) {
		t.Errorf("the neighbour heard %v", src)
	}
	if src := send(t, other, addrPort(a.Outside, 40000), outside, soon); src != addrPort(a.SiteWAN, 5070) {
		t.Errorf("the neighbour's answer came from %v", src)
	}
	if send(t, outside, addrPort(a.SiteWAN, 5070), inside, gone).IsValid() {
		t.Error("the inside host heard it too")
	}
	l := tcpListener(t, lab.Neighbour, a.Neighbour, 5070)
	if _, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5070), l, soon); err != nil {
		t.Error(err)
	}
	other6, outside6 := udp(t, lab.Neighbour, a.Neighbour6, 5070), udp(t, lab.Outside, a.Outside6, 40000)
	if src := send(t, outside6, addrPort(a.Neighbour6, 5070), other6, soon); src != addrPort(a.Outside6, 40000) {
		t.Errorf("over IPv6 the neighbour heard %v", src)
	}
	if src := send(t, udp(t, lab.Neighbour, a.Neighbour, 6000), addrPort(a.Outside, 40000), outside, soon); src.Addr() != a.SiteWAN {
		t.Errorf("the neighbour sends from %v, want the site's address", src)
	}
}

func TestForwardToNobody(t *testing.T) {
	t.Parallel()
	for _, to := range []string{natlab.NeighbourHost, natlab.OutsideHost, "printer"} {
		_, err := natlab.Build(t.Context(), natlab.Topology{Forwards: []natlab.Forward{{To: to}}})
		if err == nil || !strings.Contains(err.Error(), "forward 0") {
			t.Errorf("a forward to %q: %v", to, err)
		}
	}
}
