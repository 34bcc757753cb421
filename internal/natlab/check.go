package natlab

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// maxName is the longest comment that nftables keeps with a rule.
const maxName = 127

// check finds what cannot be built, and says which item it is.
func (t Topology) check() error {
	for i, f := range t.Forwards {
		if err := errors.Join(f.check(), t.hasHost(f.To)); err != nil {
			return fmt.Errorf("forward %d: %w", i, err)
		}
	}
	if err := t.Behaviour.check(); err != nil {
		return err
	}
	seen := map[string]bool{}
	switch {
	case t.WANMTU != 0 && (t.WANMTU < 1280 || t.WANMTU > 1500):
		return fmt.Errorf("an MTU of %d bytes; use 1280, the least that IPv6 works with, to 1500", t.WANMTU)
	case t.Container && t.Box != nil:
		return errors.New("a container with a box before it is not built; leave one out")
	case t.ClientRandomPorts && !t.ClientNAT:
		return errors.New("the client has no NAT that could give flows random ports; set ClientNAT")
	case t.BlackHole && t.WANMTU == 0:
		return errors.New("nothing is too long for a black hole; set WANMTU")
	}
	for i, r := range t.Rules {
		if r.Name == "" || len(r.Name) > maxName || seen[r.Name] {
			return fmt.Errorf("rule %d: the name %q is empty, taken or over %d bytes; give each rule its own", i, r.Name, maxName)
		}
		seen[r.Name] = true
		if err := errors.Join(r.check(), t.has(r.Router)); err != nil {
			return fmt.Errorf("rule %q: %w", r.Name, err)
		}
	}
	if err := t.Box.check(seen); err != nil {
		return err
	}
	for i, o := range t.Timeouts {
		if o.Router == InsideFirewall {
			return fmt.Errorf("timeouts %d: the inside host's firewall keeps no states", i)
		}
		if err := errors.Join(o.check(), t.has(o.Router)); err != nil {
			return fmt.Errorf("timeouts %d: %w", i, err)
		}
	}
	for _, r := range t.SIPHelper {
		if err := t.has(r); err != nil {
			return fmt.Errorf("SIP helper: %w", err)
		}
	}
	return nil
}

// has tells whether the topology includes a router.
func (t Topology) has(r Router) error {
	switch {
	case r == "", r == SiteRouter, r == InsideFirewall, r == CarrierRouter && t.Carrier, r == ClientRouter && t.ClientNAT:
		return nil
	}
	return fmt.Errorf("router %q is not in this topology; use %q, or set Carrier or ClientNAT", r, SiteRouter)
}

// hasHost tells whether a forward can lead to a host.
func (t Topology) hasHost(name string) error {
	switch {
	case name == "", name == InsideHost, name == SiteHost, name == NeighbourHost && t.Neighbour:
		return nil
	}
	return fmt.Errorf("no forward can lead to host %q; use %q, %q, or set Neighbour and use %q", name, InsideHost, SiteHost, NeighbourHost)
}

func (f Forward) check() error {
	from, to := f.Ports.bounds()
	if int(f.ToPort)+int(to-from) > 65535 {
		return fmt.Errorf("ports %d-%d do not fit from port %d on", from, to, f.ToPort)
	}
	if f.To == SiteHost && f.Family == IPv6 {
		return errors.New("a forward to the router is for IPv4")
	}
	return errors.Join(
		oneOf("protocol", f.Proto, AnyProto, UDP, TCP),
		oneOf("family", f.Family, AnyFamily, IPv4, IPv6),
		f.Ports.check())
}

func (r Rule) check() error {
	switch {
	case r.Proto == AnyProto && (r.SourcePorts != Ports{} || r.DestinationPorts != Ports{} || r.DestinationParity != AnyParity):
		return errors.New("ports need a protocol; set Proto")
	case r.Every > 1 && r.Share != 0:
		return errors.New("set Every or Share, not both")
	case r.AfterBytes > 0 && (r.Every > 1 || r.Share != 0 || r.OverPPS > 0 || r.OverFlows > 0):
		return errors.New("AfterBytes stands alone; leave out Every, Share, OverPPS and OverFlows")
	case r.UntilBytes > 0 && (r.Every > 1 || r.Share != 0 || r.OverPPS > 0 || r.OverFlows > 0 || r.AfterBytes > 0):
		return errors.New("UntilBytes stands alone; leave out Every, Share, OverPPS, OverFlows and AfterBytes")
	case r.NewFlows && r.Router == InsideFirewall:
		return errors.New("NewFlows is for routers; the inside host's firewall keeps no states")
	case !(r.Share >= 0 && r.Share <= 1):
		return fmt.Errorf("share %v is not between 0 and 1", r.Share)
	}
	if r.Router == InsideFirewall && r.Direction == Outbound {
		return errors.New("the inside host's firewall sees what arrives; use Inbound")
	}
	return errors.Join(
		oneOf("protocol", r.Proto, AnyProto, UDP, TCP),
		oneOf("direction", r.Direction, AnyDirection, Inbound, Outbound),
		oneOf("action", r.Action, "", Drop, Reject),
		oneOf("family", r.Family, AnyFamily, IPv4, IPv6),
		oneOf("parity", r.DestinationParity, AnyParity, Even, Odd),
		r.SourcePorts.check(), r.DestinationPorts.check(), r.checkFamily())
}

// checkFamily refuses a rule that no packet could match.
func (r Rule) checkFamily() error {
	for _, p := range []netip.Prefix{r.Source, r.Destination} {
		if p.IsValid() && familyOf(p.Addr()) != r.family() {
			return fmt.Errorf("%v is not %s; use one family in a rule", p, r.family())
		}
	}
	return nil
}

// family is the one family that the rule can match, AnyFamily if both.
func (r Rule) family() Family {
	switch {
	case r.Family != AnyFamily:
		return r.Family
	case r.Source.IsValid():
		return familyOf(r.Source.Addr())
	case r.Destination.IsValid():
		return familyOf(r.Destination.Addr())
	}
	return AnyFamily
}

func (o Timeouts) check() error {
	for _, d := range []time.Duration{o.UDP, o.UDPStream, o.TCPEstablished} {
		if d < 0 || d%time.Second != 0 {
			return fmt.Errorf("%v is not in whole seconds, as the kernel counts them", d)
		}
	}
	return nil
}

func (p Ports) check() error {
	if from, to := p.bounds(); from > to {
		return fmt.Errorf("ports %d-%d run backwards", from, to)
	}
	return nil
}

func familyOf(a netip.Addr) Family {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}

// oneOf refuses a value that is not in the list.
func oneOf[T ~string](what string, v T, list ...T) error {
	for _, ok := range list {
		if v == ok {
			return nil
		}
	}
	return fmt.Errorf("%s %q is unknown; use one of %q", what, v, list)
}
