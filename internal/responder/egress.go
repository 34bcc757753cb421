package responder

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"bothways/internal/network"
	"bothways/scenarios"
)

// Egress says which servers of others the responder asks for its clients. Without it a
// client could use the responder as a scanner, so that its operator must allow it.
type Egress struct {
	// Any allows every name, and every address that is public.
	Any bool
	// Names are host names; one that begins with "*." stands for all names below it.
	Names []string
	// Addresses are allowed whatever they are, also private ones.
	Addresses []netip.Prefix
}

// With adds what a list allows: names, names with "*." before them, addresses, and
// networks such as 192.0.2.0/24.
func (e Egress) With(list []string) (Egress, error) {
	for _, item := range list {
		item = strings.ToLower(strings.TrimSpace(item))
		if addr, err := netip.ParseAddr(item); err == nil {
			e.Addresses = append(e.Addresses, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
			continue
		}
		if prefix, err := netip.ParsePrefix(item); err == nil {
			e.Addresses = append(e.Addresses, prefix.Masked())
			continue
		}
		if err := scenarios.CheckServerName(strings.TrimPrefix(item, "*.")); err != nil {
			return e, err
		}
		e.Names = append(e.Names, strings.TrimSuffix(item, "."))
	}
	return e, nil
}

// host says why a host must not be asked, nil when it may.
func (e Egress) host(host string, own []netip.Addr) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		if !e.Any && !e.listed(addr.Unmap()) {
			return notAllowed(host)
		}
		return e.address(addr.Unmap(), own)
	}
	if e.Any {
		return nil
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, name := range e.Names {
		below, all := strings.CutPrefix(name, "*")
		if host == name || all && strings.HasSuffix(host, below) {
			return nil
		}
	}
	return notAllowed(host)
}

func notAllowed(host string) error {
	return fmt.Errorf("not allowed by the responder's operator, whose responder asks no servers of others unless he says so; "+
		"to allow it start bothways-responder with --allow-egress-checks, or with --allow-egress-hosts %s", host)
}

// resolver says why a DNS server must not be asked, nil when it may.
func (e Egress) resolver(addr netip.Addr, own []netip.Addr) error {
	if !e.Any && !e.listed(addr) {
		return notAllowed(addr.String())
	}
	return e.address(addr, own)
}

// address says why an address must not be asked, also one of a name that may: those of
// the responder's own network must be listed.
func (e Egress) address(addr netip.Addr, own []netip.Addr) error {
	switch {
	case e.listed(addr):
		return nil
	case !public(addr):
		return fmt.Errorf("%s is no public address; the responder's operator allows it with --allow-egress-hosts %s", addr, addr)
	case near(addr, own):
		return fmt.Errorf("%s is in the responder's own network; its operator allows it with --allow-egress-hosts %s", addr, addr)
	}
	return nil
}

func (e Egress) listed(addr netip.Addr) bool {
	for _, p := range e.Addresses {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// unusual are networks beside those that net/netip knows in which no server of the
// Internet is: RFC 6890, and addresses that hold one of IPv4 (RFC 3056, 4380, 6052).
func unusual() []netip.Prefix {
	var out []netip.Prefix
	for _, p := range []string{"0.0.0.0/8", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b::/32", "2001::/32", "2002::/16", "fec0::/10", "::/96"} {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func public(addr netip.Addr) bool {
	if !addr.IsGlobalUnicast() || network.Private(addr) || addr.Zone() != "" {
		return false
	}
	for _, p := range unusual() {
		if p.Contains(addr) {
			return false
		}
	}
	return true
}

// near reports whether an address is one of the responder's own, or beside one on what
// is usually one link: a /24, or a /64 of IPv6.
func near(addr netip.Addr, own []netip.Addr) bool {
	for _, o := range own {
		bits := 64
		if o.Unmap().Is4() {
			bits = 24
		}
		if p, err := o.Unmap().Prefix(bits); err == nil && p.Contains(addr) {
			return true
		}
	}
	return false
}

var errTooManyErrands = errors.New("the responder has asked too many servers of others of late; it asks one more every few seconds")
