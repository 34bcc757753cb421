package diagnosistest

import (
	"net/netip"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// InContainer is the responder's address in a container.
var InContainer = netip.MustParseAddr("172.17.0.2")

// Contained is a run without fault whose responder is in a container on a bridge: one of
// Docker's, by its hardware address, or where a file is given, by that alone.
func Contained(file string) *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	ev.Responder.Addresses = []netip.Addr{InContainer, netip.IPv6Loopback()}
	mac := "02:42:ac:11:00:02"
	if file != "" {
		mac = "8e:16:3b:0c:5d:f1"
	}
	ev.Responder.Container = &evidence.Container{File: file, Veths: []evidence.Veth{{Name: "eth0", Address: InContainer, MAC: mac}}}
	return ev
}
