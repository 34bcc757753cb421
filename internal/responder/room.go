package responder

import (
	"errors"
	"math"
	"net/netip"
	"time"

	"bothways/internal/pairing"
	"bothways/rtpprobe"
)

// Sweeps and calls of different clients want the same media ports. Neither must fail because of the
// other, which would be held against the site or this machine: whoever comes second waits.
var (
	errMediaSwept = errors.New("another client sweeps the media ports at the moment")
	errCallsBegin = errors.New("other clients' calls need media ports at the moment")
)

// isBusy reports whether the same order may do later.
func isBusy(err error) bool {
	for _, busy := range []error{errSweepsBusy, errPortsBusy, errMediaSwept, errCallsBegin} {
		if errors.Is(err, busy) {
			return true
		}
	}
	return false
}

// soon is how long after its order a call takes its media ports at most: its INVITE has come by then,
// or its connection is open.
const soon = 3 * time.Second

// pairsFor is how many pairs of media ports an order needs, 0 for most.
func pairsFor(o pairing.Order) int {
	switch {
	case o.Load != nil && o.Load.Begin != nil:
		return o.Load.Begin.Check.Load.Calls
	case o.NAT != nil && o.NAT.Open != nil:
		return 2
	case o.Expect != nil, o.Call != nil, o.Marks != nil, o.Aside:
		return 1
	}
	return 0
}

// room says why there are too few media ports beside sweeps for what an order needs; nil
// when there are enough. From now on no sweep takes the last of them, for a while.
func (r *Responder) room(s *session, addr netip.Addr, o pairing.Order) error {
	pairs := pairsFor(o)
	if pairs == 0 {
		return nil
	}
	s.announce()
	r.sweeps.mu.Lock()
	swept := r.sweeps.openAt(addr)
	r.sweeps.mu.Unlock()
	if !swept.IsZero() && r.pairsBeside(swept) < pairs {
		return errMediaSwept
	}
	return nil
}

// leavesRoom reports whether a session may sweep: ports of the media range remain for what other
// sessions are about to begin, and for their loads.
func (r *Responder) leavesRoom(s *session, swept rtpprobe.PortSet) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	need := r.held
	for _, other := range r.sessions {
		if other != s && other.announced() {
			need++
		}
	}
	return need == 0 || r.pairsBeside(swept) >= need
}

// pairsBeside counts the pairs of media ports that are not swept, as [rtpprobe.OpenPair] takes them.
func (r *Responder) pairsBeside(swept rtpprobe.PortSet) (pairs int) {
	if r.cfg.RTP == (rtpprobe.PortRange{}) {
		return math.MaxInt // any port of the machine does
	}
	for _, free := range rtpprobe.PortRangeSet(r.cfg.RTP).Minus(swept).Ranges() {
		first := (int(free.From) + 1) &^ 1
		pairs += max((int(free.To)-first+1)/2, 0)
	}
	return pairs
}

// announce notes that the session is about to take media ports.
func (s *session) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastCall = time.Now()
}

func (s *session) announced() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.lastCall.IsZero() && time.Since(s.lastCall) < soon
}
