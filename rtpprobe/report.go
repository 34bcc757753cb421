package rtpprobe

import (
	"net/netip"
	"time"

	"github.com/pion/rtcp"
)

// maxRoundTrip is where a computed round trip is nonsense, such as from an LSR that was never ours.
const maxRoundTrip = 30 * time.Second

// receiveReport accounts for one RTCP compound.
func (s *Stream) receiveReport(b []byte, from netip.AddrPort, at time.Time) {
	b, ok := s.secret.openReport(b)
	if !ok {
		s.rep.received(func(facts *Reports) { facts.Unauthenticated++ })
		return
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		s.malformed()
		return
	}
	accepted, looped := s.admitReport(packets, from)
	if !accepted {
		return
	}
	s.rep.received(func(facts *Reports) { facts.Received++ })
	if looped {
		return // its own report says nothing
	}
	s.heardAt(at)
	s.reportSource.Store(&from)
	for _, p := range packets {
		s.account(p, at)
	}
}

// admitReport is the same check that media undergoes. A report comes from the port above that of media.
func (s *Stream) admitReport(packets []rtcp.Packet, from netip.AddrPort) (accepted, looped bool) {
	allowed := s.cfg.WantTag != nil || s.cfg.Allow == nil || s.cfg.Allow(from) ||
		s.cfg.Allow(netip.AddrPortFrom(from.Addr(), from.Port()-1))
	tag := reportTag(packets)
	looped = s.isOwn(reportSSRC(packets[0]), tag)
	s.mu.Lock()
	defer s.mu.Unlock()
	if looped {
		s.in.facts.Looped++
	}
	switch {
	case s.cfg.WantTag != nil && !s.cfg.WantTag.Matches(tag):
		s.in.facts.Untagged++
		return false, looped
	case !allowed:
		s.in.facts.RefusedSources = count(s.in.facts.RefusedSources, from)
	}
	return allowed, looped
}

// reportTag is what stands in the compound's tag packet, nil when there is none.
func reportTag(packets []rtcp.Packet) []byte {
	for _, p := range packets {
		if app, ok := p.(*rtcp.ApplicationDefined); ok && app.Name == tagReport {
			return app.Data
		}
	}
	return nil
}

// reportSSRC is the sender of a report, 0 if it is none.
func reportSSRC(p rtcp.Packet) uint32 {
	switch p := p.(type) {
	case *rtcp.SenderReport:
		return p.SSRC
	case *rtcp.ReceiverReport:
		return p.SSRC
	}
	return 0
}

func (s *Stream) account(p rtcp.Packet, at time.Time) {
	switch p := p.(type) {
	case *rtcp.SenderReport:
		s.mu.Lock()
		if r := s.in.receptionOf(p.SSRC); r != nil {
			r.senderReport, r.senderReportAt = ntpMiddle(p.NTPTime), at
			s.in.reporting = r
		}
		s.mu.Unlock()
		s.rep.received(func(facts *Reports) { facts.ReceivedSR++ })
		s.accountBlocks(p.Reports, at)
	case *rtcp.ReceiverReport:
		s.rep.received(func(facts *Reports) { facts.ReceivedRR++ })
		s.accountBlocks(p.Reports, at)
	case *rtcp.Goodbye:
		s.rep.received(func(facts *Reports) { facts.ReceivedBye = true })
	}
}

// accountBlocks takes what the far end says of this end's stream.
func (s *Stream) accountBlocks(blocks []rtcp.ReceptionReport, at time.Time) {
	for _, block := range blocks {
		if block.SSRC != s.cfg.SSRC {
			continue
		}
		s.rep.received(func(facts *Reports) {
			facts.RemoteLost = new(int64(int32(block.TotalLost<<8) >> 8))
			facts.RemoteJitterMS = new(round(float64(block.Jitter) * 1000 / float64(s.cfg.Codec.Clock())))
			if d, ok := roundTrip(block, ntpMiddle(ntpTime(s.wall(at)))); ok {
				facts.RoundTripMS = new(millis(d))
			}
		})
	}
}

// roundTrip is A - LSR - DLSR of RFC 3550 section 6.4.1, never negative.
func roundTrip(block rtcp.ReceptionReport, arrived uint32) (time.Duration, bool) {
	if block.LastSenderReport == 0 {
		return 0, false
	}
	units := int64(int32(arrived - block.LastSenderReport - block.Delay))
	d := time.Duration(max(units, 0) * int64(time.Second) >> 16)
	return d, d < maxRoundTrip
}

func (r *reporter) received(change func(*Reports)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.facts)
}
