package natprobe

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// A PublicServer is a STUN server of somebody else.
type PublicServer struct {
	// Name is what a person called it.
	Name    string
	Address netip.AddrPort
}

// DefaultPort is that of STUN over UDP (RFC 8489 section 18.6).
const DefaultPort = 3478

// AskPublic is a question to each of the servers that speak the family of an address.
func AskPublic(servers []PublicServer, local netip.Addr) (out []Request) {
	for _, s := range servers {
		if s.Address.Addr().Is4() == local.Is4() {
			out = append(out, Request{To: s.Address, Server: s.Name})
		}
	}
	return out
}

// AskAlone asks each of the servers whose family is not that of an address, from a
// socket of its own: open makes one that can send to the server, and AskAlone closes it.
// Servers for which there is no socket are left out.
func AskAlone(ctx context.Context, servers []PublicServer, but netip.Addr, open func(to netip.Addr) (net.PacketConn, error)) []Result {
	results := make([]*Result, len(servers))
	var asking sync.WaitGroup
	for i, s := range servers {
		if s.Address.Addr().Is4() == but.Is4() {
			continue
		}
		asking.Go(func() {
			conn, err := open(s.Address.Addr())
			if err != nil {
				return
			}
			defer conn.Close()
			r, err := Probe(ctx, Config{Conn: conn, Requests: []Request{{To: s.Address, Server: s.Name}}})
			if err == nil {
				results[i] = &r
			}
		})
	}
	asking.Wait()
	var out []Result
	for _, r := range results {
		if r != nil {
			out = append(out, *r)
		}
	}
	return out
}
