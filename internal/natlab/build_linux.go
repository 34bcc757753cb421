package natlab

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// build fills the lab. What it made before an error is the lab's to close.
func (l *Lab) build(ctx context.Context, t Topology, p plan) error {
	for _, name := range p.names {
		h, err := l.add(name, p)
		if err != nil {
			return err
		}
		if err := errors.Join(h.Do(h.tune), ctx.Err()); err != nil {
			return err
		}
	}
	if err := l.wire(ctx, p); err != nil {
		return err
	}
	if t.Box != nil {
		if err := l.startBox(t.Box); err != nil {
			return err
		}
	}
	for _, r := range l.natRouters(t) {
		if err := r.program(t.Rules); err != nil {
			return fmt.Errorf("%s: %w", r.host.name, err)
		}
	}
	if t.StrictTCP {
		if err := l.Site.Do(func() error { return sysctl("netfilter/nf_conntrack_tcp_loose", "0") }); err != nil {
			return err
		}
	}
	if t.BlackHole {
		for _, end := range p.facingWAN() {
			if err := l.Host(end.host).Do(keepSizesSecret); err != nil {
				return err
			}
		}
	}
	if err := l.guard(t.Rules); err != nil {
		return fmt.Errorf("%s: %w", l.Inside.name, err)
	}
	return errors.Join(l.setTimeouts(t.Timeouts), ctx.Err())
}

// tune sets the kernel up for a host or router, before it has links.
func (h *Host) tune() error {
	settings := [][2]string{
		{"ipv6/conf/default/addr_gen_mode", "1"}, // no link-local but the plan's
		{"ipv6/conf/default/accept_ra", "0"},
		{"ipv4/ip_unprivileged_port_start", "0"},
	}
	switch h.name {
	case InsideHost, NeighbourHost, OutsideHost:
	case BoxHost:
		settings = append(settings, [2]string{"ipv6/conf/default/disable_ipv6", "1"}) // it says nothing itself
	default:
		settings = append(settings,
			[2]string{"ipv4/ip_forward", "1"},
			[2]string{"ipv6/conf/all/forwarding", "1"})
	}
	for _, s := range settings {
		if err := sysctl(s[0], s[1]); err != nil {
			return err
		}
	}
	return nil
}

// wire lays links, addresses and routes, and waits until they work.
func (l *Lab) wire(ctx context.Context, p plan) error {
	w, err := newWiring(l.hosts)
	if err != nil {
		return err
	}
	defer w.close()
	for _, pair := range p.links {
		if err := w.join(pair, l.Host(pair[1].host).ns.handle); err != nil {
			return err
		}
	}
	for _, end := range p.beside(BoxHost) {
		if err := l.Host(end.host).Do(func() error { return checksumsInFull(end.name) }); err != nil {
			return err
		}
	}
	if err := p.each(ctx, w.carries); err != nil {
		return err
	}
	for _, end := range p.ports() {
		if err := w.address(end); err != nil {
			return err
		}
	}
	for _, r := range p.routes {
		if err := w.route(r); err != nil {
			return err
		}
	}
	return p.each(ctx, w.answers)
}

// setTimeouts writes the timeouts of connection tracking.
func (l *Lab) setTimeouts(all []Timeouts) error {
	for _, t := range all {
		err := l.Host(string(t.Router.resolve())).Do(func() error {
			return errors.Join(
				setTimeout("nf_conntrack_udp_timeout", t.UDP),
				setTimeout("nf_conntrack_udp_timeout_stream", t.UDPStream),
				setTimeout("nf_conntrack_tcp_timeout_established", t.TCPEstablished))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func setTimeout(key string, d time.Duration) error {
	if d == 0 {
		return nil
	}
	return sysctl("netfilter/"+key, strconv.Itoa(int(d/time.Second)))
}
