package rtpprobe

import (
	"fmt"
	"net/netip"
)

// Prime sends one packet from each of the ports that is open to each of the addresses, as a site does that
// sends media first, so that a filter which lets answers in will let requests in. That ends the cold: open
// another Reflector for it, with other terms. Addresses that ReflectorConfig.Allow refuses are left out.
// It returns how many packets the kernel took, and the first error if it did not take all.
func (r *Reflector) Prime(ports PortSet, to []netip.AddrPort) (sent int, err error) {
	mac := r.cfg.Terms.newMAC()
	r.ports.each(func(port uint16, send func(b []byte, to netip.AddrPort) error) {
		if !ports.Contains(port) {
			return
		}
		packet := make([]byte, probeSize(port, MinProbeBytes))
		putFrame(packet, port, r.cfg.Terms.ID)
		terms := &r.cfg.Terms
		p := probe{id: terms.ID, direction: terms.Direction, window: terms.Window, kind: probePrime, port: port, local: port}
		p.put(packet, mac)
		for _, address := range to {
			if !r.cfg.Allow(address) {
				continue
			}
			switch failed := send(packet, address); {
			case failed == nil:
				sent++
			case err == nil:
				err = fmt.Errorf("prime port %d towards %s: %w", port, address, failed)
			}
		}
	})
	return sent, err
}
