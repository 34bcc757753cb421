package natprobe

import "net/netip"

// Handle is what a server does with one packet.
func (s *Server) Handle(data []byte, from netip.AddrPort) { s.handle(0, data, from) }
