package natlab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// loopbackUp brings lo up in the thread's namespace.
func loopbackUp() error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		return err
	}
	return h.LinkSetUp(lo)
}

// A wiring lays links between hosts. It holds one rtnetlink socket a host.
type wiring map[string]*netlink.Handle

func newWiring(hosts []*Host) (wiring, error) {
	w := wiring{}
	for _, h := range hosts {
		handle, err := netlink.NewHandleAt(h.ns.handle, unix.NETLINK_ROUTE)
		if err != nil {
			w.close()
			return nil, err
		}
		w[h.name] = handle
	}
	return w, nil
}

func (w wiring) close() {
	for _, h := range w {
		h.Close()
	}
}

// join makes a veth pair, one end in each namespace, and brings it up.
func (w wiring) join(l link, peer netns.NsHandle) error {
	a, b := l[0], l[1]
	err := w[a.host].LinkAdd(&netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: a.name},
		PeerName:      b.name,
		PeerNamespace: netlink.NsFd(peer),
	})
	if err != nil {
		return fmt.Errorf("link %s to %s: %w", a.host, b.host, err)
	}
	for _, end := range l {
		dev, err := w[end.host].LinkByName(end.name)
		if err == nil && end.mtu != 0 {
			err = w[end.host].LinkSetMTU(dev, end.mtu)
		}
		if err == nil && end.mac != "" {
			err = setMAC(w[end.host], dev, end.mac)
		}
		if err == nil {
			err = w[end.host].LinkSetUp(dev)
		}
		if err != nil {
			return fmt.Errorf("bring up %s of %s: %w", end.name, end.host, err)
		}
	}
	return nil
}

func setMAC(h *netlink.Handle, dev netlink.Link, mac string) error {
	addr, err := net.ParseMAC(mac)
	if err != nil {
		return err
	}
	return h.LinkSetHardwareAddr(dev, addr)
}

// address gives a port its addresses.
func (w wiring) address(p port) error {
	h := w[p.host]
	dev, err := h.LinkByName(p.name)
	if err != nil {
		return err
	}
	for _, a := range inKernelOrder(p.addrs) {
		addr := &netlink.Addr{IPNet: ipNet(a)}
		if a.Addr().Is6() {
			addr.Flags = unix.IFA_F_NODAD
		}
		if err := h.AddrAdd(dev, addr); err != nil {
			return fmt.Errorf("add %v to %s of %s: %w", a, p.name, p.host, err)
		}
	}
	return nil
}

// inKernelOrder puts addresses so that the first of each family becomes the
// default source: for IPv4 the kernel takes the first added, for IPv6 the last.
func inKernelOrder(addrs []netip.Prefix) []netip.Prefix {
	var v4, v6 []netip.Prefix
	for _, a := range addrs {
		if a.Addr().Is4() {
			v4 = append(v4, a)
		} else {
			v6 = append(v6, a)
		}
	}
	slices.Reverse(v6)
	return append(v4, v6...)
}

// route adds a route.
func (w wiring) route(r route) error {
	n := &netlink.Route{Dst: ipNet(netip.MustParsePrefix(r.dst))}
	if r.via == "" {
		n.Type = unix.RTN_BLACKHOLE
	} else {
		n.Gw = net.IP(netip.MustParseAddr(r.via).AsSlice())
	}
	if err := w[r.host].RouteAdd(n); err != nil {
		return fmt.Errorf("route %s of %s via %q: %w", r.dst, r.host, r.via, err)
	}
	return nil
}

// carries tells whether a port passes packets. Asking for a link makes the
// kernel finish bringing it up; older kernels do so a moment later by themselves.
func (w wiring) carries(p port) (bool, error) {
	dev, err := w[p.host].LinkByName(p.name)
	if err != nil {
		return false, err
	}
	return dev.Attrs().OperState == netlink.OperUp, nil
}

// answers tells whether a port's IPv6 addresses are in use. Even without
// duplicate detection the kernel finishes them later, in a queue of its own:
// it begins to answer neighbour solicitations, and then adds a local route.
func (w wiring) answers(p port) (bool, error) {
	local := &netlink.Route{Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL}
	routes, err := w[p.host].RouteListFiltered(unix.AF_INET6, local, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_TYPE)
	switch {
	case errors.Is(err, netlink.ErrDumpInterrupted): // the table changed meanwhile
		return false, nil
	case err != nil:
		return false, err
	}
	for _, a := range p.addrs {
		own := func(r netlink.Route) bool { return r.Dst != nil && r.Dst.IP.Equal(a.Addr().AsSlice()) }
		if a.Addr().Is6() && !slices.ContainsFunc(routes, own) {
			return false, nil
		}
	}
	return true, nil
}

// each waits until a condition holds for all ports.
func (p plan) each(ctx context.Context, holds func(port) (bool, error)) error {
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for _, end := range p.ports() {
		for {
			ok, err := holds(end)
			if err != nil {
				return fmt.Errorf("look at %s of %s: %w", end.name, end.host, err)
			}
			if ok {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("wait for %s of %s to come up: %w", end.name, end.host, ctx.Err())
			}
		}
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
