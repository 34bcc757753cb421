package natlab

import (
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// behave adds what the topology wants of the site's NAT beside the usual.
func (r natRouter) behave(s *ruleset) error {
	if r.behaviour.Hairpin {
		if err := r.hairpin(s); err != nil {
			return err
		}
	}
	if r.behaviour.HideSources {
		out := s.chain("hide-sources", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource, true)
		s.add(out, append(match{iif: wanPort, oif: lanPort, family: IPv4}.exprs(), forwarded()...), &expr.Masq{})
	}
	if r.behaviour.ShiftSources != 0 {
		if err := r.shiftSources(s); err != nil {
			return err
		}
	}
	if r.behaviour.Filtering != "" {
		return r.remember(s)
	}
	return nil
}

// hairpin repeats the forwards for what comes from the LAN. Sent from the router's own
// LAN address, so that answers return by way of it.
func (r natRouter) hairpin(s *ruleset) error {
	in := s.chain("hairpin", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest, true)
	for _, f := range r.forwards {
		if f.Family == IPv6 {
			continue
		}
		for _, proto := range f.protos() {
			to, _ := r.target(f)
			dnat, err := s.dnat(f, to)
			if err != nil {
				return err
			}
			s.add(in, match{iif: lanPort, proto: proto, dports: f.Ports, dst: host(r.wan)}.exprs(), dnat...)
		}
	}
	out := s.chain("hairpin-source", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, nftables.ChainPriorityNATSource, true)
	s.add(out, append(match{iif: lanPort, oif: lanPort, family: IPv4}.exprs(), forwarded()...), &expr.Masq{})
	return nil
}

// shiftSources gives flows from the RTP range other ports, before masquerading would
// keep them.
func (r natRouter) shiftSources(s *ruleset) error {
	ports, err := s.shift(Forward{Ports: shifted, ToPort: shifted.From + r.behaviour.ShiftSources})
	if err != nil {
		return err
	}
	priority := nftables.ChainPriorityRef(*nftables.ChainPriorityNATSource - 1)
	out := s.chain("shift-sources", nftables.ChainTypeNAT, nftables.ChainHookPostrouting, priority, true)
	s.add(out, match{oif: wanPort, family: IPv4, proto: UDP, sports: shifted}.exprs(),
		sourcePort(2),
		&expr.Lookup{SourceRegister: 2, DestRegister: 2, IsDestRegSet: true, SetName: ports.Name, SetID: ports.ID},
		&expr.Immediate{Register: 1, Data: r.wan.AsSlice()},
		&expr.NAT{Type: expr.NATTypeSourceNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2})
	return nil
}

// rememberFor is how long a port stays open that was sent from.
const rememberFor = 2 * time.Minute

// The 32-bit registers that hold a port and an address side by side.
const portRegister, addrRegister = unix.NFT_REG32_00, unix.NFT_REG32_01

// remember notes what the LAN sends, port and destination, and lets in to that port:
// everybody, or whoever has the destination's address. Ports are kept by the NAT.
func (r natRouter) remember(s *ruleset) error {
	senders, err := s.memory("senders", nftables.TypeInetService, true)
	if err != nil {
		return err
	}
	key, err := nftables.ConcatSetType(nftables.TypeInetService, nftables.TypeIPAddr)
	if err != nil {
		return err
	}
	peers, err := s.memory("peers", key, false)
	if err != nil {
		return err
	}
	out := s.chain("remember", nftables.ChainTypeFilter, nftables.ChainHookForward, nftables.ChainPriorityMangle, true)
	from := match{iif: lanPort, family: IPv4, proto: UDP}
	s.add(out, from.exprs(), sourcePort(1), address(2, 12),
		&expr.Dynset{SrcRegKey: 1, SrcRegData: 2, SetName: senders.Name, SetID: senders.ID, Operation: unix.NFT_DYNSET_OP_UPDATE, Timeout: rememberFor})
	s.add(out, from.exprs(), sourcePort(portRegister), address(addrRegister, 16),
		&expr.Dynset{SrcRegKey: portRegister, SetName: peers.Name, SetID: peers.ID, Operation: unix.NFT_DYNSET_OP_UPDATE, Timeout: rememberFor})
	in := s.chain("remembered", nftables.ChainTypeNAT, nftables.ChainHookPrerouting, nftables.ChainPriorityNATDest, true)
	does := match{iif: wanPort, proto: UDP, dst: host(r.wan)}.exprs()
	if r.behaviour.Filtering == AddressDependent {
		does = append(does, destinationPort(portRegister), address(addrRegister, 12),
			&expr.Lookup{SourceRegister: portRegister, SetName: peers.Name, SetID: peers.ID})
	}
	s.add(in, does, destinationPort(2),
		&expr.Lookup{SourceRegister: 2, DestRegister: 1, IsDestRegSet: true, SetName: senders.Name, SetID: senders.ID},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1})
	return nil
}

// memory is a set, or a map to addresses, that packets fill.
func (s *ruleset) memory(name string, key nftables.SetDatatype, addresses bool) (*nftables.Set, error) {
	s.maps++
	set := &nftables.Set{
		Table: s.table, ID: s.maps, Name: name, KeyType: key, Dynamic: true, HasTimeout: true, Timeout: rememberFor,
		IsMap: addresses, Concatenation: key.Bytes > 4,
	}
	if addresses {
		set.DataType = nftables.TypeIPAddr
	}
	return set, s.conn.AddSet(set, nil)
}

// address loads an address of the IPv4 header: the source at 12, the destination at 16.
func address(register, offset uint32) *expr.Payload {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: 4}
}
