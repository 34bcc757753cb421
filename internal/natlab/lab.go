package natlab

import (
	"context"
	"errors"
	"fmt"
)

// A Lab is a built [Topology]. Its hosts live until Close; sockets that
// callers opened in them are the callers' to close.
type Lab struct {
	// The hosts; Machine, Neighbour, Box, Carrier and ClientRouter are nil when the topology
	// has none.
	Inside, Machine, Neighbour, Box, Site, Carrier, Internet, ClientRouter, Outside *Host
	// Addresses are those of the topology that was built.
	Addresses Addresses

	hosts []*Host // in the order of the path
	rules []Rule
	box   *box // nil without Box
}

// Build builds the topology, ready for its first packet. It fails when the
// topology contradicts itself, when there is no right to make namespaces (the
// error is that of [Supported]), or when ctx ends; nothing is left behind then.
func Build(ctx context.Context, t Topology) (*Lab, error) {
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("topology: %w", err)
	}
	p := t.plan()
	l := &Lab{Addresses: p.addresses(), rules: t.Rules}
	if err := l.build(ctx, t, p); err != nil {
		return nil, errors.Join(fmt.Errorf("natlab: %w", err), l.Close())
	}
	return l, nil
}

// add makes a host and puts it in its field.
func (l *Lab) add(name string, p plan) (*Host, error) {
	ns, err := newNamespace()
	if err != nil {
		return nil, err
	}
	h := &Host{name: name, addrs: p.addrs(name), ns: ns}
	l.hosts = append(l.hosts, h)
	switch name {
	case InsideHost:
		l.Inside = h
	case MachineHost:
		l.Machine = h
	case BoxHost:
		l.Box = h
	case NeighbourHost:
		l.Neighbour = h
	case SiteHost:
		l.Site = h
	case CarrierHost:
		l.Carrier = h
	case InternetHost:
		l.Internet = h
	case ClientHost:
		l.ClientRouter = h
	case OutsideHost:
		l.Outside = h
	}
	return h, nil
}

// Hosts lists the hosts in the order of the path, from inside to outside.
func (l *Lab) Hosts() []*Host {
	return append([]*Host(nil), l.hosts...)
}

// Host finds a host by its name; nil means that this lab has none.
func (l *Lab) Host(name string) *Host {
	for _, h := range l.hosts {
		if h.name == name {
			return h
		}
	}
	return nil
}

// Close gives the namespaces back. The kernel removes each with its links
// when the last socket and process in it are gone. Further calls do nothing.
func (l *Lab) Close() error {
	errs := []error{l.box.close()}
	for _, h := range l.hosts {
		errs = append(errs, h.ns.close())
	}
	return errors.Join(errs...)
}
