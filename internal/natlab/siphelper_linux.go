package natlab

import (
	"errors"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// sipHelper gives flows to the SIP port to the kernel's helper, and loads that at
// once, so that its absence has an error of its own. It comes before NAT: only then
// does connection tracking get ready to adjust the sequence numbers of a TCP flow
// whose messages change their length.
func (s *ruleset) sipHelper() error {
	chain := s.chain("helpers", nftables.ChainTypeFilter, nftables.ChainHookPrerouting, nftables.ChainPriorityMangle, true)
	for proto, number := range map[Proto]uint8{UDP: unix.IPPROTO_UDP, TCP: unix.IPPROTO_TCP} {
		name := "sip-" + string(proto)
		s.conn.AddObj(&nftables.NamedObj{
			Table: s.table, Name: name, Type: nftables.ObjTypeCtHelper,
			Obj: &expr.CtHelper{Name: "sip", L4Proto: number},
		})
		flows := match{proto: proto, dports: Port(sipPort)}
		s.add(chain, flows.exprs(), &expr.Objref{Type: int(nftables.ObjTypeCtHelper), Name: name})
	}
	err := s.load()
	if errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("this kernel has no SIP helper (hint: load its modules nf_conntrack_sip and nf_nat_sip): %w", err)
	}
	return err
}
