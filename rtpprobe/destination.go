package rtpprobe

import "net/netip"

// permits reports whether media may go to an address.
func (s *Stream) permits(to netip.AddrPort) bool {
	if s.cfg.Allow != nil {
		return s.cfg.Allow(to)
	}
	remote := s.remote.Load()
	return remote != nil && *remote == to
}

// latch follows the source of the newest packet, as far as the stream does.
func (s *Stream) latch(from netip.AddrPort) {
	before := s.source.Load()
	switch {
	case before != nil && *before == from, s.left.recent(from):
		return
	case s.cfg.Latch == LatchNever, s.cfg.Latch == LatchFirst && before != nil:
		return
	case s.cfg.Latch == LatchStrict && s.probation.settled != from:
		return
	}
	heard := from // its own variable: from would be allocated for each packet
	s.source.Store(&heard)
	if before == nil {
		s.first.Do(func() { close(s.heard) })
	}
}

// destination is where media goes now: to the latched source, else to the address given to Send. The
// zero AddrPort means nowhere. Each address that would have come first, but is refused, is given to refuse.
func (s *Stream) destination(refuse func(netip.AddrPort)) netip.AddrPort {
	source, remote := s.source.Load(), s.remote.Load()
	if source != nil {
		if s.permits(*source) {
			return *source
		}
		refuse(*source)
	}
	if remote == nil || source != nil && *source == *remote {
		return netip.AddrPort{}
	}
	if s.permits(*remote) {
		return *remote
	}
	refuse(*remote)
	return netip.AddrPort{}
}

// ReportTo says where the far end wants RTCP (a=rtcp, RFC 3605); the zero AddrPort is the port above that of
// media. It is followed to the host that media goes to, and to what Allow accepts.
func (s *Stream) ReportTo(to netip.AddrPort) { s.reportRemote.Store(&to) }

// reportDestination is where RTCP goes: when latching to where it came from, if that is the host that
// media goes to or Allow accepts it; else to where ReportTo says; else to the port above that of media (RFC
// 3550 section 11). Multiplexed it goes where media goes.
func (s *Stream) reportDestination() netip.AddrPort {
	media := s.destination(func(netip.AddrPort) {})
	from := s.reportSource.Load()
	if s.cfg.Mux {
		return media
	}
	if s.cfg.Latch != LatchNever && from != nil {
		if s.mayReport(*from, media) {
			return *from
		}
	}
	if to := s.reportRemote.Load(); to != nil && to.IsValid() && media.IsValid() && s.mayReport(*to, media) {
		return *to
	}
	if !media.IsValid() || media.Port() == 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(media.Addr(), media.Port()+1)
}

// mayReport reports whether RTCP may go to an address while media goes to another.
func (s *Stream) mayReport(to, media netip.AddrPort) bool {
	return to.Addr() == media.Addr() || s.cfg.Allow != nil && s.cfg.Allow(to)
}
