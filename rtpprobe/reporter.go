package rtpprobe

import (
	"crypto/rand"
	"encoding/base64"
	"math"
	mrand "math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// When reports are sent: the first soon, the next ones every one or two seconds, each stream with an
// interval of its own (RFC 3550 section 6.2 has at least 5 s, of which a call of 5 s would see one or
// none; a round trip takes two). At some 130 bytes each they stay well below the 5 % of the
// session's bandwidth that RTCP may have.
const (
	firstReportMin    = 150 * time.Millisecond
	firstReportMax    = 450 * time.Millisecond
	reportIntervalMin = 1 * time.Second
	reportIntervalMax = 2 * time.Second
)

// A reporter is the account of RTCP.
type reporter struct {
	name string // CNAME

	mu           sync.Mutex
	facts        Reports
	reportedSent int64 // packets sent when the last report was made
}

// newName is a CNAME for the time of one stream, which tells nothing of its host (RFC 7022 section 4.2).
func newName() string {
	var b [12]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

func between(low, high time.Duration) time.Duration { return low + mrand.N(high-low) }

// startReports begins the reports, or begins anew so that the first comes soon after the media.
func (s *Stream) startReports() {
	if s.control == nil {
		return
	}
	s.stopReports()
	s.jobs.Lock()
	defer s.jobs.Unlock()
	if s.isClosed() || s.reportJob != nil {
		return
	}
	s.reportJob = &job{
		start:    time.Now().Add(between(firstReportMin, firstReportMax)),
		interval: between(reportIntervalMin, reportIntervalMax),
		n:        math.MaxInt,
		send:     func(int, time.Time) { s.sendReport() },
	}
	s.reportIn = s.cfg.Pacer.start(s.reportJob)
}

func (s *Stream) stopReports() {
	s.jobs.Lock()
	defer s.jobs.Unlock()
	if s.reportJob != nil {
		s.reportIn.remove(s.reportJob)
		s.reportJob = nil
	}
}

// sendReport sends a compound of SR or RR, SDES and the tag, and more if given.
func (s *Stream) sendReport(more ...rtcp.Packet) {
	to := s.reportDestination()
	if s.control == nil || !to.IsValid() {
		return
	}
	packets, active := s.compound(time.Now())
	b, err := rtcp.Marshal(append(packets, more...))
	if err == nil {
		b, err = s.secret.sealReport(b)
	}
	if err == nil {
		err = s.control.write(b, to)
	}
	s.rep.sent(active, err)
}

// sendGoodbye is the last report (RFC 3550 section 6.3.7); a stream that had nowhere to send says none.
func (s *Stream) sendGoodbye() {
	s.sendReport(&rtcp.Goodbye{Sources: []uint32{s.cfg.SSRC}})
}

// compound makes a report: of a sender if something was sent since the last one (RFC 3550 section 6.4).
func (s *Stream) compound(now time.Time) (packets []rtcp.Packet, active bool) {
	var blocks []rtcp.ReceptionReport
	s.mu.Lock()
	if r := s.in.reported(); r != nil {
		blocks = append(blocks, r.report(now))
	}
	s.mu.Unlock()
	count, octets, timestamp := s.out.sender(now)
	if s.rep.active(count) {
		active = true
		packets = append(packets, &rtcp.SenderReport{
			SSRC: s.cfg.SSRC, NTPTime: ntpTime(s.wall(now)), RTPTime: timestamp,
			PacketCount: uint32(count), OctetCount: uint32(octets), Reports: blocks,
		})
	} else {
		packets = append(packets, &rtcp.ReceiverReport{SSRC: s.cfg.SSRC, Reports: blocks})
	}
	packets = append(packets, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: s.cfg.SSRC, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: s.rep.name}},
	}}})
	if s.cfg.SendTag != nil {
		packets = append(packets, &rtcp.ApplicationDefined{SSRC: s.cfg.SSRC, Name: tagReport, Data: s.cfg.SendTag[:]})
	}
	return packets, active
}

// wall is the time of the wall clock when the stream was opened and what has passed since, so that a step
// of that clock does not spoil a round trip.
func (s *Stream) wall(now time.Time) time.Time { return s.opened.Round(0).Add(now.Sub(s.opened)) }

func (r *reporter) active(sent int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	active := sent > r.reportedSent
	r.reportedSent = sent
	return active
}

func (r *reporter) sent(active bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.facts.Errors = countError(r.facts.Errors, err)
	}
	switch {
	case !wasSent(err):
	case active:
		r.facts.SentSR++
	default:
		r.facts.SentRR++
	}
}

func (r *reporter) result() Reports {
	r.mu.Lock()
	defer r.mu.Unlock()
	facts := r.facts
	facts.Errors = append([]ErrorCount{}, facts.Errors...)
	return facts
}
