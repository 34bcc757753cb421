package natlab

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"

	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// A match is what a packet must look like; zero fields match everything.
type match struct {
	iif, oif       string
	family         Family
	proto          Proto
	src, dst       netip.Prefix
	sports, dports Ports
	dparity        Parity
	new            bool
}

// exprs compiles the match. Each expression loads register 1 and tests it.
func (m match) exprs() []expr.Any {
	var e []expr.Any
	if m.iif != "" {
		e = append(e, meta(expr.MetaKeyIIFNAME), equal(arrivesBy(m.iif)))
	}
	if m.oif != "" {
		e = append(e, meta(expr.MetaKeyOIFNAME), equal(ifName(m.oif)))
	}
	if f := m.oneFamily(); f != AnyFamily {
		e = append(e, meta(expr.MetaKeyNFPROTO), equal([]byte{nfproto(f)}))
	}
	e = append(e, prefix(m.src, 12, 8)...)
	e = append(e, prefix(m.dst, 16, 24)...)
	switch m.proto {
	case UDP:
		e = append(e, l4proto(unix.IPPROTO_UDP)...)
	case TCP:
		e = append(e, l4proto(unix.IPPROTO_TCP)...)
	}
	e = append(e, portRange(sourcePort(1), m.sports)...)
	e = append(e, portRange(destinationPort(1), m.dports)...)
	if m.new {
		e = append(e, conntrack(expr.CtKeySTATE, expr.CtStateBitNEW)...)
	}
	return append(e, parity(destinationPort(1), m.dparity)...)
}

// oneFamily is the family that the match is limited to by itself or by a prefix.
func (m match) oneFamily() Family {
	return Rule{Family: m.family, Source: m.src, Destination: m.dst}.family()
}

// match is what a rule looks at.
func (r Rule) match() match {
	m := match{
		family: r.Family, proto: r.Proto, src: r.Source, dst: r.Destination,
		sports: r.SourcePorts, dports: r.DestinationPorts, dparity: r.DestinationParity, new: r.NewFlows,
	}
	// Inbound means towards the site, which the client's router has on its WAN.
	private := r.Direction == Outbound
	if r.router() == ClientRouter {
		private = r.Direction == Inbound
	}
	switch {
	case r.Direction == AnyDirection, r.router() == InsideFirewall:
	case private:
		m.iif = lanPort
	default:
		m.iif = wanPort
	}
	return m
}

// sample passes on only the packets that Every, Share, OverPPS, OverFlows, AfterBytes or UntilBytes choose.
func (r Rule) sample() []expr.Any {
	e := r.chance()
	if r.OverPPS > 0 {
		burst := uint32(max(r.OverPPS/10, 1))
		e = append(e, &expr.Limit{Type: expr.LimitTypePkts, Rate: r.OverPPS, Unit: expr.LimitTimeSecond, Burst: burst, Over: true})
	}
	if r.OverFlows > 0 {
		const inverted = 1 // NFT_CONNLIMIT_F_INV: over the count, not up to it
		e = append(e, conntrack(expr.CtKeySTATE, expr.CtStateBitNEW)...)
		e = append(e, &expr.Connlimit{Count: r.OverFlows, Flags: inverted})
	}
	if r.AfterBytes > 0 {
		e = append(e, &expr.Quota{Bytes: r.AfterBytes, Over: true})
	}
	if r.UntilBytes > 0 {
		e = append(e, &expr.Quota{Bytes: r.UntilBytes})
	}
	return e
}

func (r Rule) chance() []expr.Any {
	switch {
	case r.Every > 1:
		return []expr.Any{
			&expr.Numgen{Register: 1, Modulus: r.Every, Type: unix.NFT_NG_INCREMENTAL},
			equal(binary.NativeEndian.AppendUint32(nil, r.Every-1)),
		}
	case r.Share > 0 && r.Share < 1:
		const parts = 1_000_000
		limit := uint32(math.Ceil(r.Share * parts))
		return []expr.Any{
			&expr.Numgen{Register: 1, Modulus: parts, Type: unix.NFT_NG_RANDOM},
			// Byte for byte comparison orders big endian numbers only.
			&expr.Byteorder{SourceRegister: 1, DestRegister: 1, Op: expr.ByteorderHton, Len: 4, Size: 4},
			&expr.Cmp{Op: expr.CmpOpLt, Register: 1, Data: binary.BigEndian.AppendUint32(nil, limit)},
		}
	}
	return nil
}

// verdict is what happens to a packet that the rule hits.
func (r Rule) verdict() expr.Any {
	switch {
	case r.Action != Reject:
		return &expr.Verdict{Kind: expr.VerdictDrop}
	case r.Proto == TCP:
		return &expr.Reject{Type: unix.NFT_REJECT_TCP_RST}
	}
	return &expr.Reject{Type: unix.NFT_REJECT_ICMPX_UNREACH, Code: unix.NFT_REJECT_ICMPX_PORT_UNREACH}
}

// protos are the protocols that a forward is made for.
func (f Forward) protos() []Proto {
	if f.Proto == AnyProto {
		return []Proto{UDP, TCP}
	}
	return []Proto{f.Proto}
}

// published are the forwards of the machine that the inside host is a container on: the
// ports to which the site router's forwards lead, as they are.
func (t Topology) published() (out []Forward) {
	for _, f := range t.Forwards {
		if f.To == "" || f.To == InsideHost {
			out = append(out, Forward{Proto: f.Proto, Ports: f.inner(), Family: IPv4})
		}
	}
	return out
}

// inner are the ports on which the inside host is meant to listen.
func (f Forward) inner() Ports {
	from, to := f.Ports.bounds()
	if f.ToPort == 0 {
		return Ports{From: from, To: to}
	}
	return Ports{From: f.ToPort, To: f.ToPort + to - from}
}

// known matches replies and what belongs to a flow that was let through.
func known() []expr.Any {
	return conntrack(expr.CtKeySTATE, expr.CtStateBitESTABLISHED|expr.CtStateBitRELATED)
}

// invalid matches what connection tracking cannot place, and so NAT would miss.
func invalid() []expr.Any { return conntrack(expr.CtKeySTATE, expr.CtStateBitINVALID) }

// forwarded matches flows that a forward let in (IPS_DST_NAT).
func forwarded() []expr.Any { return conntrack(expr.CtKeySTATUS, 1<<5) }

// conntrack matches when one of the bits is set.
func conntrack(key expr.CtKey, bits uint32) []expr.Any {
	return []expr.Any{
		&expr.Ct{Key: key, Register: 1},
		&expr.Bitwise{
			SourceRegister: 1, DestRegister: 1, Len: 4,
			Mask: binary.NativeEndian.AppendUint32(nil, bits), Xor: make([]byte, 4),
		},
		&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: make([]byte, 4)},
	}
}

// prefix matches an address of the network header, at its place in each family.
func prefix(p netip.Prefix, offset4, offset6 uint32) []expr.Any {
	if !p.IsValid() {
		return nil
	}
	size, offset := uint32(p.Addr().BitLen()/8), offset6
	if p.Addr().Is4() {
		offset = offset4
	}
	return []expr.Any{
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size},
		&expr.Bitwise{
			SourceRegister: 1, DestRegister: 1, Len: size,
			Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()), Xor: make([]byte, size),
		},
		equal(p.Masked().Addr().AsSlice()),
	}
}

// portRange matches a port of the transport header.
func portRange(load *expr.Payload, p Ports) []expr.Any {
	from, to := p.bounds()
	switch {
	case p == Ports{}:
		return nil
	case from == to:
		return []expr.Any{load, equal(be16(from))}
	}
	return []expr.Any{load, &expr.Range{Op: expr.CmpOpEq, Register: 1, FromData: be16(from), ToData: be16(to)}}
}

// parity matches the last bit of a port of the transport header.
func parity(load *expr.Payload, p Parity) []expr.Any {
	if p == AnyParity {
		return nil
	}
	bit := uint16(0)
	if p == Odd {
		bit = 1
	}
	return []expr.Any{
		load,
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: 2, Mask: be16(1), Xor: make([]byte, 2)},
		equal(be16(bit)),
	}
}

func sourcePort(register uint32) *expr.Payload {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 0, Len: 2}
}

func destinationPort(register uint32) *expr.Payload {
	return &expr.Payload{DestRegister: register, Base: expr.PayloadBaseTransportHeader, Offset: 2, Len: 2}
}

func l4proto(n byte) []expr.Any {
	return []expr.Any{meta(expr.MetaKeyL4PROTO), equal([]byte{n})}
}

func meta(key expr.MetaKey) expr.Any { return &expr.Meta{Key: key, Register: 1} }

func equal(data []byte) expr.Any {
	return &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: data}
}

func accept() []expr.Any { return []expr.Any{&expr.Verdict{Kind: expr.VerdictAccept}} }

func drop() []expr.Any { return []expr.Any{&expr.Verdict{Kind: expr.VerdictDrop}} }

func nfproto(f Family) byte {
	if f == IPv4 {
		return unix.NFPROTO_IPV4
	}
	return unix.NFPROTO_IPV6
}

// ifName is an interface name as the kernel compares it: all 16 bytes.
func ifName(name string) []byte {
	b := make([]byte, unix.IFNAMSIZ)
	copy(b, name)
	return b
}

// arrivesBy is ifName; for the private side it is what its names begin with.
func arrivesBy(name string) []byte {
	if name == lanPort {
		return []byte(lanPort)
	}
	return ifName(name)
}

// host is the prefix of one address.
func host(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }
