package lab

import (
	"context"
	"net"
	"net/netip"

	"bothways/internal/client"
	"bothways/internal/natlab"
	"bothways/internal/resolve"
)

// Names says what two DNS servers know: one that the client asks and one that the site asks.
type Names func(natlab.Addresses) (outside, inside natlab.Zone)

// siteDomain is dialled where a fault has names.
const siteDomain = "example.com"

// A finder resolves names at one end; its zero value finds nothing.
type finder struct{ resolve.Resolver }

const portDNS = 53

// serveNames starts the DNS servers of a fault, each on its end's own host.
func serveNames(ctx context.Context, l *natlab.Lab, f Fault) (outer finder, inner resolve.Resolver, stop func(), err error) {
	if f.Names == nil {
		return outer, inner, func() {}, nil
	}
	outside, inside := f.Names(l.Addresses)
	outer.Resolver, stop, err = serveZone(ctx, l.Outside, l.Addresses.Outside, outside)
	if err != nil {
		return outer, inner, nil, err
	}
	inner, quiet, err := serveZone(ctx, l.Inside, l.Addresses.Inside, inside)
	if err != nil {
		stop()
		return outer, inner, nil, err
	}
	first := stop
	return outer, inner, func() { first(); quiet() }, nil
}

func serveZone(ctx context.Context, h *natlab.Host, addr netip.Addr, z natlab.Zone) (r resolve.Resolver, stop func(), err error) {
	conn, err := h.ListenPacket(ctx, netip.AddrPortFrom(addr, portDNS))
	if err != nil {
		return r, nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		natlab.ServeDNS(conn, z)
	}()
	r.Server = netip.AddrPortFrom(addr, portDNS)
	r.Dial = func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
		if network == "tcp" {
			return h.DialTCP(ctx, netip.AddrPort{}, server)
		}
		return h.DialUDP(ctx, netip.AddrPortFrom(addr, 0), server)
	}
	return r, func() { conn.Close(); <-ended }, nil
}

// find dials the site by its name, where it has one.
func (r finder) find(ctx context.Context, f Fault, cfg *client.Config) error {
	if f.Names == nil {
		return nil
	}
	res, err := r.Resolve(ctx, siteDomain)
	cfg.Target, cfg.Address, cfg.Resolution = siteDomain, res.Used, &res
	return err
}

// sipAt is a zone of a domain whose SIP is at a host, and that whose web is elsewhere.
func sipAt(sip, web netip.Addr) natlab.Zone {
	srv := func(port uint16) natlab.Records {
		return natlab.Records{SRV: []natlab.SRVRecord{{Priority: 10, Weight: 1, Port: port, Target: "pbx.example.com."}}}
	}
	return natlab.Zone{
		siteDomain + ".": {Addresses: []netip.Addr{web}, NAPTR: []natlab.NAPTRRecord{
			{Order: 10, Preference: 1, Flags: "s", Service: "SIPS+D2T", Replacement: "_sips._tcp.example.com."},
			{Order: 10, Preference: 2, Flags: "s", Service: "SIP+D2U", Replacement: "_sip._udp.example.com."},
		}},
		"_sip._udp.example.com.": srv(5060), "_sips._tcp.example.com.": srv(5061),
		"pbx.example.com.": {Addresses: []netip.Addr{sip}},
	}
}

// nameFaults are sites that are dialled by their name.
func nameFaults() []Fault {
	web := netip.MustParseAddr("198.51.100.80")
	same := func(a natlab.Addresses) (outside, inside natlab.Zone) {
		return sipAt(a.SiteWAN, web), sipAt(a.SiteWAN, web)
	}
	split := func(a natlab.Addresses) (outside, inside natlab.Zone) {
		return sipAt(a.SiteWAN, web), sipAt(a.Inside, web)
	}
	return []Fault{
		{Name: "name-same", Title: "nothing is wrong with a site that is dialled by its domain, with NAPTR and SRV",
			Topology: everything(), Scenario: "quick", Names: same, Verdict: "pass"},
		{Name: "name-split", Title: "the site's name leads to its public address outside and to the PBX inside, which is no fault",
			Topology: everything(), Scenario: "quick", Names: split, Verdict: "pass"},
	}
}
