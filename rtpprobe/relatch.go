package rtpprobe

import (
	"net/netip"
	"time"
)

// underWay is how long packets from a source that the far end has left may come after it
// said so: it stops when it hears the answer.
const underWay = 500 * time.Millisecond

// A departure is a source that the far end has left. The zero value is none.
type departure struct {
	source netip.AddrPort
	until  time.Time
}

// recent reports whether packets from there are still those that were under way.
func (d departure) recent(from netip.AddrPort) bool {
	return d.source == from && from.IsValid() && time.Now().Before(d.until)
}

// Relatch lets go of the source that LatchFirst or LatchStrict has settled on, as a PBX does
// whose call is renegotiated; what is heard next is latched to as if it were the first,
// and until then media goes to the address given to Send. Where the far end has moved,
// packets from its old source are taken for half a second without being latched to. It
// does nothing for the other latches, which hold nothing.
func (s *Stream) Relatch(moved bool) {
	if s.cfg.Latch != LatchFirst && s.cfg.Latch != LatchStrict {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.source.Swap(nil)
	s.left, s.probation = departure{}, probation{}
	if moved && before != nil {
		s.left = departure{*before, time.Now().Add(underWay)}
	}
}
