package report

import (
	"net/netip"

	"bothways/internal/diagnosis"
	"bothways/rtpprobe/natprobe"
)

// NAT is what was measured of a NAT, in the terms of RFC 4787: the site's in outbound
// checks, the client's own in inbound ones.
type NAT struct {
	// Media is about ports that the site forwards, Free about ports that no forward is
	// for; null when none of them was answered.
	Media *NATPorts `json:"media"`
	Free  *NATPorts `json:"free"`
	// OutsideAddresses are those from which the sockets were seen.
	OutsideAddresses []string `json:"outside_addresses"`
	// SecondAddress is the client's second address as the responder saw it, null when
	// there was none or it could not prove itself.
	SecondAddress *string `json:"second_address"`
	// Hairpin is true when the site's public address works from inside; null when that
	// was not tried.
	Hairpin *bool `json:"hairpin"`
	// STUN is what servers of others saw.
	STUN []SeenBy `json:"stun"`
}

// NATPorts is what was measured on ports of one class. Mapping and filtering are
// "endpoint-independent", "address-dependent", "address-and-port-dependent" or
// "unknown"; a mapping of "none" changes nothing.
type NATPorts struct {
	Mapping   natprobe.Behaviour `json:"mapping"`
	Filtering natprobe.Behaviour `json:"filtering"`
	// These say whether the port, or the address, of the destination matters; null is
	// what was not varied.
	MappingByPort      *bool `json:"mapping_by_port"`
	MappingByAddress   *bool `json:"mapping_by_address"`
	FilteringByPort    *bool `json:"filtering_by_port"`
	FilteringByAddress *bool `json:"filtering_by_address"`
	// Sockets were answered; the counts that follow are of them.
	Sockets         int `json:"sockets"`
	PortsPreserved  int `json:"ports_preserved"`
	ParityPreserved int `json:"parity_preserved"`
	// Neighbours are pairs of sockets on ports that follow each other, Contiguous those
	// whose mappings do.
	Neighbours int `json:"neighbours"`
	Contiguous int `json:"contiguous"`
	// OpenCold and OpenColdSecond say whether what the client sent from its first and
	// from its second address arrived before the site had sent from the port; null when
	// not tried, or not the same for all.
	OpenCold       *bool `json:"open_cold"`
	OpenColdSecond *bool `json:"open_cold_second"`
	// ClassicName is the name of RFC 3489, null where there is none.
	ClassicName *string `json:"classic_name"`
}

// SeenBy is where a STUN server saw a socket.
type SeenBy struct {
	Server  string `json:"server"`
	Address string `json:"address"`
	Local   string `json:"local"`
	Mapped  string `json:"mapped"`
}

func buildNAT(m *diagnosis.NAT) *NAT {
	if m == nil {
		return nil
	}
	n := &NAT{
		Media: buildNATPorts(m.Media), Free: buildNATPorts(m.Free),
		OutsideAddresses: texts(m.Outside), SecondAddress: addressOrNull(m.Second), Hairpin: m.Hairpin, STUN: []SeenBy{},
	}
	for _, s := range m.Servers {
		n.STUN = append(n.STUN, SeenBy{Server: s.Server, Address: s.Address.String(), Local: s.Local.String(), Mapped: s.Mapped.String()})
	}
	return n
}

func addressOrNull(a *netip.Addr) *string {
	if a == nil {
		return nil
	}
	return orNull(a.String())
}

func buildNATPorts(p *diagnosis.NATPorts) *NATPorts {
	if p == nil {
		return nil
	}
	return &NATPorts{
		Mapping: p.Mapping.Behaviour, Filtering: p.Filtering.Behaviour,
		MappingByPort: p.Mapping.ByPort, MappingByAddress: p.Mapping.ByAddress,
		FilteringByPort: p.Filtering.ByPort, FilteringByAddress: p.Filtering.ByAddress,
		Sockets: p.Sockets, PortsPreserved: p.Preserved, ParityPreserved: p.Parity,
		Neighbours: p.Neighbours, Contiguous: p.Contiguous,
		OpenCold: p.Cold, OpenColdSecond: p.ColdSecond, ClassicName: orNull(p.ClassicName),
	}
}
