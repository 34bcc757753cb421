// Package resolve finds out where a SIP domain leads, as peers do (RFC 3263): NAPTR, then
// SRV, then A and AAAA, by the resolver of the system.
//
// The system's resolver knows no NAPTR, so those are asked for by this package, of the
// DNS servers that the system names. Where it names none they stay unknown, and the SRV
// records are looked for under their usual names. Every step is bounded in time and in
// how much of an answer is kept, and what failed is told in a line.
package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Bounds of one resolution.
const (
	// Patience is how long it may take altogether.
	Patience = 5 * time.Second
	// recordTime is for each of NAPTR and SRV, so that time is left for addresses.
	recordTime   = 3 * time.Second
	maxRecords   = 16 // of each kind
	maxHosts     = 8
	maxAddresses = 16 // of one host
)

// A Resolution is what was found of one name.
type Resolution struct {
	// Name is what was asked for.
	Name string `json:"name"`
	// NAPTR are in the order in which they apply; null when they are not known, and
	// then NAPTRMissing says why.
	NAPTR        []NAPTR `json:"naptr"`
	NAPTRMissing string  `json:"naptr_missing,omitempty"`
	// SRV are those of every transport, in the order in which this resolution uses them.
	SRV []SRV `json:"srv"`
	// Hosts are the name itself and the targets of SRV, with their addresses.
	Hosts []Host `json:"hosts"`
	// UsedHost and Used are what a peer would dial first; invalid when there is nothing.
	UsedHost string     `json:"used_host,omitempty"`
	Used     netip.Addr `json:"used,omitzero"`
	// Faults are what could not be asked, each in a line. A name without a record is none.
	Faults     []string `json:"faults,omitempty"`
	DurationMs float64  `json:"duration_ms"`
}

// An SRV is one record (RFC 2782).
type SRV struct {
	// Transport is "udp", "tcp" or "tls", by the Owner, such as "_sip._udp.example.com".
	Transport string `json:"transport"`
	Owner     string `json:"owner"`
	// Target is ".", where the service is decidedly not offered.
	Target   string `json:"target"`
	Port     uint16 `json:"port"`
	Priority uint16 `json:"priority"`
	Weight   uint16 `json:"weight"`
}

// A Host is a name with its addresses in the system's order (RFC 6724).
type Host struct {
	Name      string       `json:"name"`
	Addresses []netip.Addr `json:"addresses"`
	// Error is why there are none.
	Error string `json:"error,omitempty"`
}

// A Resolver asks; the zero value asks as the system does.
type Resolver struct {
	// Server is asked instead of the servers that the system names; invalid for those.
	Server netip.AddrPort
	// Dial opens what is asked through, "udp" or "tcp"; nil is this machine's. It serves
	// together with Server.
	Dial func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)
}

// IsName reports whether a target is a host name and no address.
func IsName(target string) bool {
	if _, err := netip.ParseAddr(target); err == nil || target == "" || len(target) > 253 {
		return false
	}
	return !strings.ContainsFunc(target, func(r rune) bool {
		return !(r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
}

// Resolve finds out where a name leads. An error means that it leads nowhere; the
// resolution tells then as much as is known.
func (r Resolver) Resolve(ctx context.Context, name string) (Resolution, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	start := time.Now()
	s := &search{r: r, res: Resolution{Name: name, SRV: []SRV{}, Hosts: []Host{}}}
	err := s.run(ctx, strings.TrimSuffix(name, "."))
	s.res.DurationMs = float64(time.Since(start).Microseconds()) / 1000
	return s.res, err
}

// A search is one resolution under way.
type search struct {
	r   Resolver
	mu  sync.Mutex
	res Resolution
	own error // of the name's own addresses
}

func (s *search) run(ctx context.Context, name string) error {
	var own Host
	var wg sync.WaitGroup
	wg.Go(func() { own, s.own = s.host(ctx, name) })
	if strings.Contains(name, ".") {
		s.services(ctx, name)
	} else {
		s.res.NAPTRMissing = "a name without a dot is no domain"
	}
	wg.Wait()
	s.targets(ctx)
	s.res.Hosts = append([]Host{own}, s.res.Hosts...)
	if s.choose(name); s.res.Used.IsValid() {
		return nil
	}
	if s.own != nil {
		return s.own
	}
	return errors.New("no address was found")
}

// host looks up addresses of both families.
func (s *search) host(ctx context.Context, name string) (Host, error) {
	h := Host{Name: name, Addresses: []netip.Addr{}}
	all, err := s.r.system().LookupNetIP(ctx, "ip", name)
	if err != nil {
		h.Error = explain(err)
		return h, err
	}
	for _, a := range all[:min(len(all), maxAddresses)] {
		if a = a.Unmap(); !slices.Contains(h.Addresses, a) {
			h.Addresses = append(h.Addresses, a)
		}
	}
	return h, nil
}

func (s *search) fault(what string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.res.Faults = append(s.res.Faults, what+": "+explain(err))
}

// services are the SRV names to look up, by transport, and looks them up.
func (s *search) services(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	var err error
	if s.res.NAPTR, err = s.r.naptr(ctx, name); err != nil {
		s.res.NAPTRMissing = explain(err)
	}
	owners := owners(s.res.NAPTR, name)
	found := make([][]SRV, len(owners))
	var wg sync.WaitGroup
	for i, o := range owners {
		wg.Go(func() { found[i] = s.srv(ctx, o) })
	}
	wg.Wait()
	s.res.SRV = append(s.res.SRV, slices.Concat(found...)...)
}

// owners are the names of SRV records in the order in which transports are preferred:
// that of NAPTR, else UDP, TCP, TLS.
func owners(all []NAPTR, name string) (out []SRV) {
	for _, n := range all {
		t := map[string]string{"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}[strings.ToUpper(n.Service)]
		if t != "" && strings.EqualFold(n.Flags, "s") && n.Replacement != "" && len(out) < maxRecords {
			out = append(out, SRV{Transport: t, Owner: strings.TrimSuffix(n.Replacement, ".")})
		}
	}
	if len(out) > 0 {
		return out
	}
	return []SRV{{Transport: "udp", Owner: "_sip._udp." + name}, {Transport: "tcp", Owner: "_sip._tcp." + name}, {Transport: "tls", Owner: "_sips._tcp." + name}}
}

// srv looks up one owner; the system's resolver sorts by priority and draws by weight.
func (s *search) srv(ctx context.Context, owner SRV) (out []SRV) {
	_, records, err := s.r.system().LookupSRV(ctx, "", "", owner.Owner+".")
	if err != nil && !notFound(err) {
		s.fault("SRV "+owner.Owner, err)
	}
	for _, rec := range records[:min(len(records), maxRecords)] {
		one := owner
		if one.Target = strings.TrimSuffix(rec.Target, "."); one.Target == "" {
			one.Target = "."
		}
		one.Port, one.Priority, one.Weight = rec.Port, rec.Priority, rec.Weight
		out = append(out, one)
	}
	return out
}

// targets looks up the hosts that SRV names.
func (s *search) targets(ctx context.Context) {
	var wanted []string
	for _, rec := range s.res.SRV {
		if rec.Target != "." && !slices.Contains(wanted, rec.Target) && len(wanted) < maxHosts {
			wanted = append(wanted, rec.Target)
		}
	}
	hosts := make([]Host, len(wanted))
	var wg sync.WaitGroup
	for i, name := range wanted {
		wg.Go(func() { hosts[i], _ = s.host(ctx, name) })
	}
	wg.Wait()
	s.res.Hosts = append(s.res.Hosts, hosts...)
}

// choose takes the first target that has an address, else the name's own.
func (s *search) choose(name string) {
	candidates := []string{}
	for _, rec := range s.res.SRV {
		candidates = append(candidates, rec.Target)
	}
	for _, c := range append(candidates, name) {
		if h := s.res.Host(c); h != nil && len(h.Addresses) > 0 {
			s.res.UsedHost, s.res.Used = c, h.Addresses[0]
			return
		}
	}
}

// Host is what was found of a host, nil when nothing was.
func (r *Resolution) Host(name string) *Host {
	for i := range r.Hosts {
		if strings.EqualFold(r.Hosts[i].Name, name) {
			return &r.Hosts[i]
		}
	}
	return nil
}

// Addresses are those that peers may dial: of the targets of SRV, where one of them has
// any, else of the name.
func (r *Resolution) Addresses() (out []netip.Addr) {
	for i, h := range r.Hosts {
		if (i > 0 || len(r.SRV) == 0 || r.targetless()) && !(i > 0 && r.targetless()) {
			for _, a := range h.Addresses {
				if !slices.Contains(out, a) {
					out = append(out, a)
				}
			}
		}
	}
	return out
}

// targetless reports whether no target of SRV has an address.
func (r *Resolution) targetless() bool {
	return !slices.ContainsFunc(r.SRV, func(s SRV) bool { h := r.Host(s.Target); return h != nil && len(h.Addresses) > 0 })
}

func notFound(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns) && dns.IsNotFound
}

// explain is an error as people read it, without the address of this machine's socket.
func explain(err error) string {
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &dns) && dns.IsTimeout:
		return "no answer in time"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "no such name"
	case errors.As(err, &dns):
		return dns.Err
	}
	return err.Error()
}
