package natlab

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// faultChain holds the rules of a topology, one for one.
const faultChain = "faults"

// A ruleset is a batch of nftables commands for one router.
type ruleset struct {
	conn  *nftables.Conn
	table *nftables.Table
	maps  uint32 // how many were made
}

// table is the one table of a router.
func table() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyINet, Name: "bothways"}
}

// load sends what was batched to the kernel.
func (s *ruleset) load() error {
	if err := s.conn.Flush(); err != nil {
		return fmt.Errorf("load nftables rules (the kernel needs nf_tables with NAT): %w", err)
	}
	return nil
}

// chain adds a base chain that passes, or else drops, what no rule decides.
func (s *ruleset) chain(name string, typ nftables.ChainType, hook *nftables.ChainHook, prio *nftables.ChainPriority, pass bool) *nftables.Chain {
	policy := nftables.ChainPolicyDrop
	if pass {
		policy = nftables.ChainPolicyAccept
	}
	return s.conn.AddChain(&nftables.Chain{Name: name, Table: s.table, Type: typ, Hooknum: hook, Priority: prio, Policy: &policy})
}

// add appends a rule: what it matches, and what it does then.
func (s *ruleset) add(c *nftables.Chain, matches []expr.Any, does ...expr.Any) {
	s.conn.AddRule(&nftables.Rule{Table: s.table, Chain: c, Exprs: append(matches, does...)})
}

// dnat sends packets to a host. A shifted forward needs a map from port to
// port, since nftables cannot add.
func (s *ruleset) dnat(f Forward, to netip.Addr) ([]expr.Any, error) {
	nat := &expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1}
	addr := &expr.Immediate{Register: 1, Data: to.AsSlice()}
	from, _ := f.Ports.bounds()
	if f.ToPort == 0 || f.ToPort == from {
		return []expr.Any{addr, nat}, nil
	}
	set, err := s.shift(f)
	if err != nil {
		return nil, err
	}
	nat.RegProtoMin = 2
	lookup := &expr.Lookup{SourceRegister: 2, DestRegister: 2, IsDestRegSet: true, SetName: set.Name, SetID: set.ID}
	return []expr.Any{destinationPort(2), lookup, addr, nat}, nil
}

// shift makes a map of shifted ports and loads it at once, piece by piece:
// a netlink attribute holds 64 KiB, and a socket buffer not much more.
func (s *ruleset) shift(f Forward) (*nftables.Set, error) {
	const piece = 2000
	s.maps++
	set := &nftables.Set{
		Table: s.table, ID: s.maps, Name: fmt.Sprintf("shift%d", s.maps), IsMap: true,
		KeyType: nftables.TypeInetService, DataType: nftables.TypeInetService,
	}
	if err := s.conn.AddSet(set, nil); err != nil {
		return nil, err
	}
	from, to := f.Ports.bounds()
	var batch []nftables.SetElement
	for p := int(from); p <= int(to); p++ {
		batch = append(batch, nftables.SetElement{Key: be16(uint16(p)), Val: be16(f.ToPort + uint16(p) - from)})
		if len(batch) < piece && p < int(to) {
			continue
		}
		if err := s.conn.SetAddElements(set, batch); err != nil {
			return nil, err
		}
		if err := s.load(); err != nil {
			return nil, err
		}
		batch = nil
	}
	return set, nil
}

func be16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
