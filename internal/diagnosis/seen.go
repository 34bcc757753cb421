package diagnosis

import "net/netip"

// A sighting is one address of the site as the client met it.
type sighting struct {
	addr netip.Addr
	// how is a clause for people: "the audio of call-out-udp came from 203.0.113.10".
	how string
}

// sightings are the addresses at which the client reached the site, and from which it
// saw the site's own packets come, each address once.
func (v *view) sightings() []sighting {
	var out []sighting
	add := func(s sighting) {
		s.addr = s.addr.Unmap()
		if !s.addr.IsValid() || s.addr.IsUnspecified() {
			return
		}
		for i := range out {
			if out[i].addr == s.addr {
				return
			}
		}
		out = append(out, s)
	}
	add(sighting{addr: v.Run.Address, how: "the client reaches the site at " + v.Run.Address.String()})
	if in := v.Pairing.FromInside; in != nil {
		add(sighting{addr: in.Remote.Addr(), how: "the responder's own connection came from " + in.Remote.Addr().String()})
	}
	for _, s := range v.heardFrom() {
		add(s)
	}
	return out
}

// heardFrom are the sources of the responder's audio as the client saw them.
func (v *view) heardFrom() []sighting {
	var out []sighting
	for _, c := range v.calls {
		for _, s := range c.seenFrom() {
			out = append(out, sighting{addr: s.Address.Addr(), how: "the audio of " + c.check.ID + " came from " + s.Address.Addr().String()})
		}
	}
	return out
}
