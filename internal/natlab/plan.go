package natlab

import (
	"net/netip"
	"slices"
)

// The names of the hosts, in the order of the path.
const (
	InsideHost    = "inside"
	MachineHost   = "machine"   // that the inside host is a container on
	NeighbourHost = "neighbour" // inside as well
	BoxHost       = "box"
	SiteHost      = string(SiteRouter)
	CarrierHost   = string(CarrierRouter)
	InternetHost  = "internet"
	ClientHost    = string(ClientRouter)
	OutsideHost   = "outside"
)

// The interfaces of routers; hosts have one, hostPort.
const (
	hostPort = "eth0"
	lanPort  = "lan"           // the private side
	lanPort2 = lanPort + "two" // the private side as well, towards the neighbour
	wanPort  = "wan"           // the Internet's side
)

// A plan is a topology worked out: who exists, joined how, with which
// addresses and routes.
type plan struct {
	names  []string
	links  []link
	routes []route
}

// A link joins two interfaces.
type link [2]port

// A port is one end of a link.
type port struct {
	host, name string
	addrs      []netip.Prefix
	mtu        int    // 0 means the kernel's, 1500
	mac        string // "" means a random one
}

// A route sends dst to the gateway; without a gateway it drops silently.
type route struct {
	host     string
	dst, via string
}

// plan is the one table of addresses.
func (t Topology) plan() plan {
	p := plan{names: []string{InsideHost}}
	if t.Box != nil {
		p.names = append(p.names, BoxHost)
	}
	p.names = append(p.names, SiteHost)
	onLAN := at(InsideHost, hostPort, "192.168.1.10/24", "2001:db8:1::10/64")
	if t.Container {
		onLAN.host, onLAN.name = MachineHost, wanPort
		p.planContainer()
	}
	p.joinSite(t.Box != nil, onLAN, at(SiteHost, lanPort, "192.168.1.1/24", "2001:db8:1::1/64"))
	p.defaults(onLAN.host, "192.168.1.1", "2001:db8:1::1")
	t.planNeighbour(&p)
	core := at(InternetHost, "site", "203.0.113.1/24", "2001:db8:a::1/64")
	if t.Carrier {
		p.names = append(p.names, CarrierHost)
		p.join(
			at(SiteHost, wanPort, "100.64.0.10/10", "2001:db8:c::10/64"),
			at(CarrierHost, lanPort, "100.64.0.1/10", "2001:db8:c::1/64"))
		p.join(at(CarrierHost, wanPort, "203.0.113.10/24", "2001:db8:a::10/64"), core)
		p.defaults(SiteHost, "100.64.0.1", "2001:db8:c::1")
		p.defaults(CarrierHost, "203.0.113.1", "2001:db8:a::1")
		p.route(CarrierHost, "2001:db8:1::/64", "2001:db8:c::10")
	} else {
		p.join(at(SiteHost, wanPort, "203.0.113.10/24", "2001:db8:a::10/64"), core)
		p.defaults(SiteHost, "203.0.113.1", "2001:db8:a::1")
	}
	t.planWAN(&p)
	p.route(InternetHost, "2001:db8:1::/64", "2001:db8:a::10")
	p.defaults(InternetHost, "", "")
	t.planClient(&p)
	t.planServers(&p)
	return p
}

// planWAN gives the link before the site router its peculiarities.
func (t Topology) planWAN(p *plan) {
	for i := range p.links {
		l := &p.links[i]
		n := slices.IndexFunc(l[:], func(end port) bool { return end.host == SiteHost && end.name == wanPort })
		if n < 0 {
			continue
		}
		l[0].mtu, l[1].mtu = t.WANMTU, t.WANMTU
		if t.Pooled {
			first := l[n].addrs[0]
			l[n].addrs = slices.Insert(l[n].addrs, 1, netip.PrefixFrom(first.Addr().Next(), first.Bits()))
		}
	}
}

// planServers gives the Internet host its further addresses, before the link-local one.
func (t Topology) planServers(p *plan) {
	for i := range p.links {
		for n, end := range p.links[i] {
			if end.host != InternetHost || end.name != "client" {
				continue
			}
			for _, a := range t.Servers {
				last := len(p.links[i][n].addrs) - 1
				p.links[i][n].addrs = slices.Insert(p.links[i][n].addrs, last, netip.PrefixFrom(a, a.BitLen()))
			}
		}
	}
}

// planContainer joins the inside host to its machine as Docker does, which stands between
// it and the LAN.
func (p *plan) planContainer() {
	p.names = slices.Insert(p.names, 1, MachineHost)
	inside := at(InsideHost, hostPort, "172.17.0.2/16")
	inside.mac = "02:42:ac:11:00:02"
	p.join(inside, at(MachineHost, lanPort, "172.17.0.1/16"))
	p.route(InsideHost, "0.0.0.0/0", "172.17.0.1")
}

// planNeighbour gives the neighbour a link of its own: the upper part of the LAN's
// lowest addresses is behind it.
func (t Topology) planNeighbour(p *plan) {
	if !t.Neighbour {
		return
	}
	p.names = slices.Insert(p.names, 1, NeighbourHost)
	p.join(
		at(NeighbourHost, hostPort, "192.168.1.20/28", "2001:db8:1:0:1::20/80"),
		at(SiteHost, lanPort2, "192.168.1.17/28", "2001:db8:1:0:1::1/80"))
	p.defaults(NeighbourHost, "192.168.1.17", "2001:db8:1:0:1::1")
}

// planClient is the part of the table on the client's side.
func (t Topology) planClient(p *plan) {
	p.names = append(p.names, InternetHost)
	if !t.ClientNAT {
		p.names = append(p.names, OutsideHost)
		p.join(
			at(InternetHost, "client", "198.51.100.1/24", "2001:db8:2::1/64"),
			at(OutsideHost, hostPort, "198.51.100.20/24", "198.51.100.21/24", "2001:db8:2::20/64", "2001:db8:2::21/64"))
		p.defaults(OutsideHost, "198.51.100.1", "2001:db8:2::1")
		return
	}
	p.names = append(p.names, ClientHost, OutsideHost)
	p.join(
		at(InternetHost, "client", "198.51.100.1/24", "2001:db8:b::1/64"),
		at(ClientHost, wanPort, "198.51.100.20/24", "2001:db8:b::20/64"))
	p.join(
		at(ClientHost, lanPort, "10.0.0.1/24", "2001:db8:2::1/64"),
		at(OutsideHost, hostPort, "10.0.0.20/24", "10.0.0.21/24", "2001:db8:2::20/64", "2001:db8:2::21/64"))
	p.defaults(ClientHost, "198.51.100.1", "2001:db8:b::1")
	p.defaults(OutsideHost, "10.0.0.1", "2001:db8:2::1")
	p.route(InternetHost, "2001:db8:2::/64", "2001:db8:b::20")
}

// Addresses are the addresses that a test needs to know.
type Addresses struct {
	// Inside and Inside6 are the inside host's own; a Container has no IPv6 one.
	Inside, Inside6 netip.Addr
	// InsideLAN is its IPv4 address on the LAN: for a Container that of its machine.
	InsideLAN netip.Addr
	// Neighbour and Neighbour6 are the neighbour's own; invalid where there is none.
	Neighbour, Neighbour6 netip.Addr
	// SiteWAN is the site's public IPv4 address, as seen and dialled from
	// outside; with a carrier it is the carrier's.
	SiteWAN netip.Addr
	// RouterWAN is the IPv4 address on the site router's WAN port. With a
	// carrier it differs from SiteWAN.
	RouterWAN netip.Addr
	// RouterWANSecond is the site router's other one with Pooled, and
	// invalid without.
	RouterWANSecond netip.Addr
	// RouterLAN is the IPv4 address on the site router's LAN port.
	RouterLAN netip.Addr
	// Outside, Outside6 and their seconds are the outside host's own.
	Outside, OutsideSecond   netip.Addr
	Outside6, OutsideSecond6 netip.Addr
	// OutsidePublic is the outside host's IPv4 address as seen from the
	// site; with ClientNAT it is that of the client's router.
	OutsidePublic netip.Addr
}

// addresses looks up in the plan what has a name.
func (p plan) addresses() Addresses {
	inside, outside := p.addrs(InsideHost), p.addrs(OutsideHost)
	a := Addresses{
		Inside: inside[0], InsideLAN: inside[0],
		SiteWAN:   p.facing(InternetHost, "site"),
		RouterWAN: p.port(SiteHost, wanPort).addrs[0].Addr(),
		RouterLAN: p.port(SiteHost, lanPort).addrs[0].Addr(),
		Outside:   outside[0], OutsideSecond: outside[1],
		Outside6: outside[2], OutsideSecond6: outside[3],
		OutsidePublic: p.facing(InternetHost, "client"),
	}
	if len(inside) > 1 {
		a.Inside6 = inside[1]
	}
	if machine := p.port(MachineHost, wanPort); machine.host != "" {
		a.InsideLAN = machine.addrs[0].Addr()
	}
	if second := p.port(SiteHost, wanPort).addrs[1].Addr(); second.Is4() {
		a.RouterWANSecond = second
	}
	if neighbour := p.addrs(NeighbourHost); len(neighbour) > 0 {
		a.Neighbour, a.Neighbour6 = neighbour[0], neighbour[1]
	}
	return a
}

// addrs lists the addresses of a host, port by port, without link-local ones.
func (p plan) addrs(host string) []netip.Addr {
	var v4, v6 []netip.Addr
	for _, end := range p.ports() {
		for _, a := range end.addrs {
			switch addr := a.Addr(); {
			case end.host != host || addr.IsLinkLocalUnicast():
			case addr.Is4():
				v4 = append(v4, addr)
			default:
				v6 = append(v6, addr)
			}
		}
	}
	return append(v4, v6...)
}

// ports lists both ends of all links.
func (p plan) ports() []port {
	var all []port
	for _, l := range p.links {
		all = append(all, l[0], l[1])
	}
	return all
}

// port finds a port; the zero port means that there is none.
func (p plan) port(host, name string) port {
	for _, end := range p.ports() {
		if end.host == host && end.name == name {
			return end
		}
	}
	return port{}
}

// facing is the first address at the other end of a port's link.
func (p plan) facing(host, name string) netip.Addr {
	for _, l := range p.links {
		for i, end := range l {
			if end.host == host && end.name == name {
				return l[1-i].addrs[0].Addr()
			}
		}
	}
	return netip.Addr{}
}

// facingWAN lists both ends of the link before the site router.
func (p plan) facingWAN() []port {
	for _, l := range p.links {
		if slices.ContainsFunc(l[:], func(end port) bool { return end.host == SiteHost && end.name == wanPort }) {
			return l[:]
		}
	}
	return nil
}

// beside lists the ports that are linked to a host's.
func (p plan) beside(host string) []port {
	var all []port
	for _, l := range p.links {
		for i, end := range l {
			if end.host == host {
				all = append(all, l[1-i])
			}
		}
	}
	return all
}

// join links two ports. Their link-local addresses are last in their lists.
func (p *plan) join(a, b port) {
	a.addrs = append(a.addrs, netip.MustParsePrefix("fe80::1/64"))
	b.addrs = append(b.addrs, netip.MustParsePrefix("fe80::2/64"))
	p.links = append(p.links, link{a, b})
}

// joinSite links the inside host to the site router, through the box if there is one.
func (p *plan) joinSite(box bool, inside, site port) {
	p.join(inside, site)
	if !box {
		return
	}
	l := p.links[len(p.links)-1]
	p.links[len(p.links)-1] = link{l[0], port{host: BoxHost, name: lanPort}}
	p.links = append(p.links, link{port{host: BoxHost, name: wanPort}, l[1]})
}

func (p *plan) route(host, dst, via string) {
	p.routes = append(p.routes, route{host, dst, via})
}

func (p *plan) defaults(host, via4, via6 string) {
	p.route(host, "0.0.0.0/0", via4)
	p.route(host, "::/0", via6)
}

func at(host, name string, addrs ...string) port {
	p := port{host: host, name: name}
	for _, a := range addrs {
		p.addrs = append(p.addrs, netip.MustParsePrefix(a))
	}
	return p
}
