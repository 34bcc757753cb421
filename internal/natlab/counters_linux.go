package natlab

import (
	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// counters reads the counters of the router's rules, in their order.
func (h *Host) counters() (all []Counter, err error) {
	err = h.Do(func() error {
		conn, err := nftables.New()
		if err != nil {
			return err
		}
		rules, err := conn.GetRules(table(), &nftables.Chain{Name: faultChain})
		for _, r := range rules {
			for _, e := range r.Exprs {
				if c, ok := e.(*expr.Counter); ok {
					all = append(all, Counter{Packets: c.Packets, Bytes: c.Bytes})
				}
			}
		}
		return err
	})
	return all, err
}
