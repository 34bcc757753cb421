package natlab

import (
	"errors"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// keepSizesSecret has the thread's router send no ICMP "fragmentation needed" (RFC 792
// type 3 code 4) and no ICMPv6 "packet too big" (RFC 4443 type 2).
func keepSizesSecret() error {
	conn, err := nftables.New(nftables.AsLasting())
	if err != nil {
		return err
	}
	s := &ruleset{conn: conn, table: conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "blackhole"})}
	out := s.chain("sizes", nftables.ChainTypeFilter, nftables.ChainHookOutput, nftables.ChainPriorityFilter, true)
	kind := func(n uint32) *expr.Payload {
		return &expr.Payload{DestRegister: 1, Base: expr.PayloadBaseTransportHeader, Len: n}
	}
	s.add(out, append(l4proto(unix.IPPROTO_ICMP), kind(2), equal([]byte{3, 4})), drop()...)
	s.add(out, append(l4proto(unix.IPPROTO_ICMPV6), kind(1), equal([]byte{2})), drop()...)
	return errors.Join(s.load(), conn.CloseLasting())
}
