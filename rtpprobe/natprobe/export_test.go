package natprobe

import (
	"net/netip"

	"github.com/pion/stun/v3"
)

// Handle is what a server does with one packet.
func (s *Server) Handle(data []byte, from netip.AddrPort) { s.handle(0, data, from) }

// Take is what a probe that has asked a server of somebody else makes of any packet,
// which is the answer if it has the form of one.
func Take(data []byte, from netip.AddrPort) Exchange {
	p := &probe{Config: Config{Requests: []Request{{To: from, Server: "any"}}}, result: Result{Exchanges: []Exchange{{To: from, Server: "any"}}}, asked: make(map[[stun.TransactionIDSize]byte]asked)}
	if m, ok := parse(data); ok {
		p.asked[m.TransactionID] = asked{}
	}
	p.take(data, from)
	p.follow(0)
	return p.result.Exchanges[0]
}
