package natlab

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

// A natRouter is a router with NAT and a filter, and its peculiarities.
type natRouter struct {
	host        *Host
	open6       bool // lets IPv6 pass unfiltered
	randomPorts bool
	sipHelper   bool
	behaviour   Behaviour
	forwards    []Forward
	wan, second netip.Addr // forwards come in at wan; every other flow leaves from second, if it is valid
	inside      Addresses
}

// target are the addresses of the host that a forward leads to.
func (r natRouter) target(f Forward) (v4, v6 netip.Addr) {
	switch f.To {
	case SiteHost:
		return r.inside.RouterLAN, netip.Addr{}
	case NeighbourHost:
		return r.inside.Neighbour, r.inside.Neighbour6
	}
	if r.host.name == MachineHost {
		return r.inside.Inside, r.inside.Inside6
	}
	return r.inside.InsideLAN, r.inside.Inside6
}

// natRouters are the routers of the lab that do more than route.
func (l *Lab) natRouters(t Topology) []natRouter {
	all := []natRouter{{
		host: l.Site, randomPorts: t.RandomPorts, behaviour: t.Behaviour, forwards: t.Forwards,
		wan: l.Addresses.RouterWAN, second: l.Addresses.RouterWANSecond, inside: l.Addresses,
	}}
	if l.Machine != nil {
		all = append(all, natRouter{host: l.Machine, forwards: t.published(), wan: l.Addresses.InsideLAN, inside: l.Addresses})
	}
	if l.Carrier != nil {
		all = append(all, natRouter{host: l.Carrier, open6: true})
	}
	if l.ClientRouter != nil {
		all = append(all, natRouter{host: l.ClientRouter, randomPorts: t.ClientRandomPorts})
	}
	for i, r := range all {
		all[i].sipHelper = slices.ContainsFunc(t.SIPHelper, func(at Router) bool { return string(at.resolve()) == r.host.name })
	}
	return all
}

// program loads a router's NAT, filter and faults into the kernel.
func (r natRouter) program(rules []Rule) error {
	return r.host.Do(func() error {
		conn, err := nftables.New(nftables.AsLasting())
		if err != nil {
			return err
		}
		s := &ruleset{conn: conn, table: conn.AddTable(table())}
		if r.sipHelper {
			if err := s.sipHelper(); err != nil {
				return errors.Join(err, conn.CloseLasting())
			}
		}
		err = errors.Join(r.nat(s), r.behave(s))
		r.faults(s, rules, nftables.ChainHookForward)
		r.filter(s)
		return errors.Join(err, s.load(), conn.CloseLasting())
	})
}

// nat is masquerading outwards and the forwards inwards, for IPv4.
func (r natRouter) nat(s *ruleset) error {
	out := s.chain("masquerade", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource, true)
	if r.second.IsValid() {
		s.add(out, append(match{oif: wanPort, family: IPv4}.exprs(), Rule{Every: 2}.sample()...),
			&expr.Immediate{Register: 1, Data: r.second.AsSlice()},
			&expr.NAT{Type: expr.NATTypeSourceNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, FullyRandom: r.randomPorts})
	}
	s.add(out, match{oif: wanPort, family: IPv4}.exprs(), &expr.Masq{FullyRandom: r.randomPorts})
	return r.forward(s, s.chain(forwardChain, nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest, true))
}

// forwardChain holds the forwards.
const forwardChain = "forwards"

// forward is the destination NAT of the forwards, for IPv4.
func (r natRouter) forward(s *ruleset, in *nftables.Chain) error {
	for _, f := range r.forwards {
		if f.Family == IPv6 {
			continue
		}
		to, _ := r.target(f)
		for _, proto := range f.protos() {
			m := match{iif: wanPort, proto: proto, dports: f.Ports, dst: host(r.wan)}
			dnat, err := s.dnat(f, to)
			if err != nil {
				return err
			}
			s.add(in, m.exprs(), dnat...)
		}
	}
	return nil
}

// filter is what a stateful router lets through, and what it lets in to itself.
func (r natRouter) filter(s *ruleset) {
	fwd := s.chain("filter", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityFilter, false)
	if r.open6 {
		s.add(fwd, match{family: IPv6}.exprs(), accept()...)
	}
	s.add(fwd, known(), accept()...)
	s.add(fwd, invalid(), drop()...)
	s.add(fwd, match{iif: lanPort}.exprs(), accept()...)
	s.add(fwd, append(match{iif: wanPort}.exprs(), forwarded()...), accept()...)
	for _, f := range r.forwards {
		if f.Family == IPv4 || f.To == SiteHost {
			continue
		}
		_, to := r.target(f)
		if !to.IsValid() {
			continue
		}
		for _, proto := range f.protos() {
			m := match{iif: wanPort, proto: proto, dports: f.inner(), dst: host(to)}
			s.add(fwd, m.exprs(), accept()...)
		}
	}
	own := s.chain("own", nftables.ChainTypeFilter, nftables.ChainHookInput, nftables.ChainPriorityFilter, false)
	s.add(own, known(), accept()...)
	s.add(own, match{iif: lanPort}.exprs(), accept()...)
	s.add(own, append(match{iif: wanPort}.exprs(), forwarded()...), accept()...)
	s.add(own, match{iif: "lo"}.exprs(), accept()...)
	s.add(own, l4proto(unix.IPPROTO_ICMP), accept()...)
	s.add(own, l4proto(unix.IPPROTO_ICMPV6), accept()...)
}

// guard loads the rules of the inside host's own firewall into the kernel.
func (l *Lab) guard(rules []Rule) error {
	own := func(r Rule) bool { return r.router() == InsideFirewall }
	if !slices.ContainsFunc(rules, own) {
		return nil
	}
	return l.Inside.Do(func() error {
		conn, err := nftables.New(nftables.AsLasting())
		if err != nil {
			return err
		}
		s := &ruleset{conn: conn, table: conn.AddTable(table())}
		natRouter{host: l.Inside}.faults(s, rules, nftables.ChainHookInput)
		return errors.Join(s.load(), conn.CloseLasting())
	})
}

// faults are the topology's rules for this router, before its filter.
func (r natRouter) faults(s *ruleset, rules []Rule, hook *nftables.ChainHook) {
	priority := nftables.ChainPriorityRef(*nftables.ChainPriorityFilter - 10)
	chain := s.chain(faultChain, nftables.ChainTypeFilter, hook, priority, true)
	for _, f := range rules {
		if string(f.router()) != r.host.name {
			continue
		}
		exprs := append(f.match().exprs(), f.sample()...)
		exprs = append(exprs, &expr.Counter{}, f.verdict())
		s.conn.AddRule(&nftables.Rule{
			Table: s.table, Chain: chain, Exprs: exprs,
			UserData: userdata.AppendString(nil, userdata.TypeComment, f.Name),
		})
	}
}

// Reforward replaces the site router's IPv4 forwards. What the router remembers of flows
// stays: they go on to where they went before.
func (l *Lab) Reforward(forwards []Forward) error {
	for i, f := range forwards {
		if err := f.check(); err != nil {
			return fmt.Errorf("forward %d: %w", i, err)
		}
	}
	r := l.natRouters(Topology{Forwards: forwards})[0]
	return r.host.Do(func() error {
		conn, err := nftables.New(nftables.AsLasting())
		if err != nil {
			return err
		}
		s := &ruleset{conn: conn, table: table()}
		in := &nftables.Chain{Name: forwardChain, Table: s.table}
		conn.FlushChain(in)
		return errors.Join(r.forward(s, in), s.load(), conn.CloseLasting())
	})
}
