package report

import (
	"fmt"
	"strings"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/internal/resolve"
)

// A Resolution is how the target's name led to the address that was dialled (RFC 3263).
type Resolution struct {
	NamesFound
	// Inside is where it leads from the responder; null when that is not known.
	Inside *NamesFound `json:"inside"`
	// Split is whether it leads elsewhere inside; null when that is not known.
	Split *bool    `json:"split"`
	Notes []string `json:"notes"`
}

// NamesFound is what one end found of a name.
type NamesFound struct {
	Name string `json:"name"`
	// NAPTR is null when it is not known; NAPTRMissing says why.
	NAPTR        []resolve.NAPTR `json:"naptr"`
	NAPTRMissing *string         `json:"naptr_missing"`
	SRV          []resolve.SRV   `json:"srv"`
	Hosts        []NamedHost     `json:"hosts"`
	// UsedHost and UsedAddress are what a peer would dial first, null when there is nothing.
	UsedHost    *string  `json:"used_host"`
	UsedAddress *string  `json:"used_address"`
	Faults      []string `json:"faults"`
}

// A NamedHost is a host with its addresses.
type NamedHost struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
	// Error is why there are none, null when there are.
	Error *string `json:"error"`
}

func buildResolution(ev *evidence.Evidence, n *diagnosis.Names) *Resolution {
	if ev.Run.Resolution == nil || n == nil {
		return nil
	}
	r := &Resolution{NamesFound: buildFound(ev.Run.Resolution), Split: n.Split, Notes: notNull(n.Notes)}
	if ev.Responder != nil && ev.Responder.Resolution != nil {
		r.Inside = new(buildFound(ev.Responder.Resolution))
	}
	return r
}

func buildFound(r *resolve.Resolution) NamesFound {
	out := NamesFound{
		Name: r.Name, NAPTR: r.NAPTR, NAPTRMissing: orNull(r.NAPTRMissing), SRV: append([]resolve.SRV{}, r.SRV...), Hosts: []NamedHost{},
		UsedHost: orNull(r.UsedHost), Faults: notNull(r.Faults),
	}
	if r.Used.IsValid() {
		out.UsedAddress = orNull(r.Used.String())
	}
	for _, h := range r.Hosts {
		out.Hosts = append(out.Hosts, NamedHost{Name: h.Name, Addresses: texts(h.Addresses), Error: orNull(h.Error)})
	}
	return out
}

// line is the resolution as the report's head shows it.
func (r *Resolution) line() string {
	var parts []string
	for _, s := range r.SRV {
		parts = append(parts, fmt.Sprintf("SRV %s %s:%d", s.Transport, s.Target, s.Port))
	}
	for _, h := range r.Hosts {
		if len(h.Addresses) > 0 {
			parts = append(parts, h.Name+" is "+strings.Join(h.Addresses, ", "))
		}
	}
	if in := r.Inside; in != nil && in.UsedAddress != nil {
		parts = append(parts, "inside "+*in.UsedAddress)
	}
	return "DNS: " + strings.Join(parts, " • ")
}
