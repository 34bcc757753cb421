package rtpprobe

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

// readSize is more than any packet of this package and than an Ethernet frame; what fills it was cut off.
const readSize = 1536

// rtpVersion is the only one there is (RFC 3550 section 5.1).
const rtpVersion = 2

// maxReadPause bounds how long a failing socket is left alone.
const maxReadPause = 100 * time.Millisecond

// A packet is one accepted RTP packet; its payload is valid until the next read.
type packet struct {
	rtp  *rtp.Packet
	from netip.AddrPort
	at   time.Time
	size int
}

// read is the goroutine of one socket, until Close or until the socket is closed.
func (s *Stream) read(sock *socket) {
	buffer, parsed := make([]byte, readSize), new(rtp.Packet)
	defer s.overdue(parsed)
	for failures := 0; ; {
		n, from, at, err := sock.read(buffer)
		if err == nil {
			failures = 0
			s.receive(parsed, buffer[:n], from, at)
			continue
		}
		if s.isClosed() {
			return
		}
		failures++
		s.mu.Lock()
		s.in.facts.Errors = countError(s.in.facts.Errors, err)
		s.mu.Unlock()
		if errors.Is(err, net.ErrClosed) || !s.pause(failures) {
			return
		}
	}
}

// pause waits a little longer after each failure in a row; false means closed.
func (s *Stream) pause(failures int) bool {
	if failures == 1 {
		return true
	}
	select {
	case <-time.After(min(time.Duration(failures)*time.Millisecond, maxReadPause)):
		return true
	case <-s.life.Done():
		return false
	}
}

// receive accounts for one datagram.
func (s *Stream) receive(parsed *rtp.Packet, b []byte, from netip.AddrPort, at time.Time) {
	for _, e := range s.secret.kept(false) {
		s.sort(parsed, e.data, e.from, e.at)
	}
	if len(b) < 12 || len(b) == readSize || !s.secret.keep(b, from, at) {
		s.sort(parsed, b, from, at)
	}
}

// sort tells media from reports and from what is neither.
func (s *Stream) sort(parsed *rtp.Packet, b []byte, from netip.AddrPort, at time.Time) {
	switch {
	case len(b) == readSize || len(b) < 2 || b[0]>>6 != rtpVersion:
		s.malformed()
	case isReport(b):
		s.receiveReport(b, from, at)
	case len(b) < 12 || parsed.Unmarshal(b) != nil:
		s.malformed()
	default:
		s.receiveMedia(packet{parsed, from, at, len(b)}, b)
	}
}

// isReport tells RTCP from RTP on one port (RFC 5761 section 4).
func isReport(b []byte) bool { return b[1] >= 192 && b[1] <= 223 }

func (s *Stream) malformed() {
	s.mu.Lock()
	s.in.facts.Malformed++
	s.mu.Unlock()
}

func (s *Stream) receiveMedia(p packet, raw []byte) {
	if s.admit(p, raw) {
		s.heardAt(p.at)
		s.reporting.Do(s.startReports)
	}
}

// admit accounts for a packet and reports whether it was accepted.
func (s *Stream) admit(p packet, raw []byte) bool {
	allowed := s.cfg.WantTag != nil || s.cfg.Allow == nil || s.cfg.Allow(p.from)
	tag := tagOf(&p.rtp.Header)
	looped := s.isOwn(p.rtp.SSRC, tag)
	s.mu.Lock()
	defer s.mu.Unlock()
	if looped {
		s.in.facts.Looped++
	}
	switch {
	case s.cfg.WantTag != nil && s.cfg.ControlTag != nil && s.cfg.ControlTag.Matches(tag):
		s.in.facts.Control++
		return false
	case s.cfg.WantTag != nil && !s.cfg.WantTag.Matches(tag):
		s.in.facts.Untagged++
		return false
	case !allowed:
		s.in.facts.RefusedSources = count(s.in.facts.RefusedSources, p.from)
		return false
	case !s.secret.openMedia(&p, raw):
		s.in.facts.Unauthenticated++
		return false
	case s.cfg.Latch == LatchStrict && !looped && !s.left.recent(p.from) && !s.probation.pass(p, s.remote.Load(), s.cfg.Probation):
		s.in.facts.StrictDropped++
		return false
	}
	kind := s.in.accept(p)
	if newest := kind == fresh || kind == restart; newest && !looped {
		s.latch(p.from)
	}
	return true
}

// isOwn recognises what this end sent itself.
func (s *Stream) isOwn(ssrc uint32, tag []byte) bool {
	if ssrc == s.cfg.SSRC {
		return true
	}
	if s.cfg.SendTag == nil || s.cfg.WantTag != nil && *s.cfg.SendTag == *s.cfg.WantTag {
		return false
	}
	return s.cfg.SendTag.Matches(tag)
}
