package natlab_test

import (
	"net"
	"testing"

	"bothways/internal/natlab"
)

// A container is reached by its machine's address on the LAN, on published ports alone, and
// its own address is nowhere seen.
func TestContainer(t *testing.T) {
	t.Parallel()
	lab := build(t, natlab.Topology{Container: true, Neighbour: true,
		Forwards: []natlab.Forward{{Proto: natlab.UDP, Ports: natlab.Port(5060), ToPort: 5070}, {Proto: natlab.TCP, Ports: natlab.Port(5061)},
			{Proto: natlab.UDP, Ports: natlab.Port(5080), To: natlab.NeighbourHost}}})
	a := lab.Addresses
	if a.Inside.String() != "172.17.0.2" || a.Inside6.IsValid() || a.InsideLAN.String() != "192.168.1.10" || lab.Host(natlab.MachineHost) != lab.Machine {
		t.Fatalf("addresses %v, machine %v", a, lab.Machine)
	}
	mac := ""
	if err := lab.Inside.Do(func() error {
		i, err := net.InterfaceByName("eth0")
		if err == nil {
			mac = i.HardwareAddr.String()
		}
		return err
	}); err != nil || mac != "02:42:ac:11:00:02" {
		t.Errorf("hardware address %q: %v", mac, err)
	}
	inside, outside := udp(t, lab.Inside, a.Inside, 5070), udp(t, lab.Outside, a.Outside, 40000)
	if src := send(t, outside, addrPort(a.SiteWAN, 5060), inside, soon); src != addrPort(a.Outside, 40000) {
		t.Errorf("the container heard %v", src)
	}
	if src := send(t, inside, addrPort(a.Outside, 40000), outside, soon); src != addrPort(a.SiteWAN, 5060) {
		t.Errorf("its answer came from %v", src)
	}
	if src := send(t, udp(t, lab.Inside, a.Inside, 6000), addrPort(a.Outside, 40000), outside, soon); src != addrPort(a.SiteWAN, 6000) {
		t.Errorf("it sends from %v", src)
	}
	beside := udp(t, lab.Site, a.RouterLAN, 40000)
	if src := send(t, beside, addrPort(a.InsideLAN, 5070), inside, soon); src != addrPort(a.RouterLAN, 40000) {
		t.Errorf("from the LAN it heard %v", src)
	}
	if src := send(t, inside, addrPort(a.RouterLAN, 40000), beside, soon); src != addrPort(a.InsideLAN, 5070) {
		t.Errorf("on the LAN its answer came from %v", src)
	}
	other := udp(t, lab.Inside, a.Inside, 5080)
	if send(t, beside, addrPort(a.InsideLAN, 5080), other, gone).IsValid() {
		t.Error("a port passed that was not published")
	}
	l := tcpListener(t, lab.Inside, a.Inside, 5061)
	if _, err := connect(t, lab.Outside, addrPort(a.SiteWAN, 5061), l, soon); err != nil {
		t.Error(err)
	}
}
