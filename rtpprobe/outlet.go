package rtpprobe

import (
	"errors"
	"net"

	"github.com/pion/rtp"
)

// readOutlet counts the packets of the call that come to where this end only sends from.
func (s *Stream) readOutlet() {
	buffer, parsed := make([]byte, readSize), new(rtp.Packet)
	for failures := 0; ; {
		n, from, _, err := s.outlet.read(buffer)
		if s.isClosed() {
			return
		}
		if err != nil {
			if failures++; errors.Is(err, net.ErrClosed) || !s.pause(failures) {
				return
			}
			continue
		}
		failures = 0
		b := buffer[:n]
		if n < 12 || b[0]>>6 != rtpVersion || isReport(b) || parsed.Unmarshal(b) != nil {
			continue
		}
		known := s.cfg.WantTag != nil && s.cfg.WantTag.Matches(tagOf(&parsed.Header))
		if s.cfg.WantTag == nil {
			known = s.permits(from)
		}
		if known {
			s.mu.Lock()
			s.in.facts.AtSendPort++
			s.mu.Unlock()
		}
	}
}
