package call

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// talks is what an end knows of the talk while a call changes; the leg's lock guards it.
type talks struct {
	opened time.Time  // when the first stream was
	origin netip.Addr // that of the first description
	// calling is true at the end that called, delayed where the answer comes with the ACK.
	calling, delayed bool
	answering        bool // an offer of the far end, not making one
	heardEarly       bool
	theirs           sipprobe.Media     // as the far end last described its stream
	held             bool               // by 0.0.0.0
	hold             scenarios.HoldKind // of this end
	version          uint64             // of this end's description
	shown            sipprobe.Media     // what it said
	changed          context.CancelCauseFunc
	moved            []line // the streams before this one
	unanswered       bool   // a request in the call drew no answer
}

// A line is a stream with its sockets.
type line struct {
	sockets
	stream *rtpprobe.Stream
	key    *rtpprobe.SRTPKey
}

// errChanged interrupts what is being sent, to go on otherwise.
var errChanged = errors.New("the session has changed")

// say sends audio for that long, to where the far end wants it and while it does: what
// falls into a hold is not sent.
func (l *leg) say(ctx context.Context, d time.Duration) error {
	end := time.Now().Add(d)
	for left := d; ; left = time.Until(end) {
		if left <= 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		turn, change := context.WithCancelCause(ctx)
		stream, to, may := l.turn(change)
		var err error
		if may {
			err = stream.Send(turn, to, left)
		} else {
			err = sleep(turn, left)
		}
		changed := errors.Is(context.Cause(turn), errChanged)
		change(nil)
		if !changed {
			return err
		}
	}
}

// turn is the stream to send with, where to, and whether to send at all.
func (l *leg) turn(change context.CancelCauseFunc) (s *rtpprobe.Stream, to netip.AddrPort, may bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = change
	l.stream.ReportTo(l.theirs.RTCP)
	return l.stream, l.theirs.Address, l.sends()
}

// sends reports whether this end is to send, hears whether the far end is.
func (l *leg) sends() bool {
	return l.theirs.Way.Hears() && !l.held && l.hold != scenarios.InactiveHold
}

func (l *leg) hears() bool { return l.theirs.Way.Sends() && l.hold == "" }

// shape puts into this end's description what the call has come to.
func (l *leg) shape(m *sipprobe.Media) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sends, hears := l.hold != scenarios.InactiveHold, l.hold == "" || l.hold == scenarios.ZeroAddressHold
	if l.theirs.Address.IsValid() && l.answering {
		m.Way = sipprobe.WayOf(sends && l.theirs.Way.Hears(), hears && l.theirs.Way.Sends())
	} else {
		m.Way = sipprobe.WayOf(sends, hears)
	}
	m.Origin = l.origin
	if l.hold == scenarios.ZeroAddressHold {
		m.Address = netip.AddrPortFrom(unspecified(m.Address.Addr()), m.Address.Port())
	}
	if l.shown.Address != m.Address || l.shown.Way != m.Way {
		l.version++
	}
	l.shown = *m
	m.Version = l.version
}

func unspecified(a netip.Addr) netip.Addr {
	if a.Unmap().Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// note adds a moment to the record, with what the media has come to.
func (l *leg) note(m evidence.Moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.end.Moments) >= maxMoments {
		return
	}
	m.AtMs = evidence.Millis(time.Since(l.opened))
	m.Sends, m.Hears = l.sends(), l.hears()
	m.Local, m.Heard = l.advertised, l.theirs.Address
	for _, s := range append(l.streams(), l.stream) {
		r := s.Result()
		m.Sent += r.Sent.Packets
		m.Received += r.Received.Packets + r.Received.Unauthenticated
		if at := r.Received.LastMS; at != nil {
			m.LastMs = new(*at + evidence.Millis(s.Opened().Sub(l.opened)))
		}
	}
	l.end.Moments = append(l.end.Moments, m)
}

// maxMoments bounds what is kept of a far end that never stops.
const maxMoments = 100

// first is the stream that the call began with.
func (l *leg) first() *rtpprobe.Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append(l.streams(), l.stream)[0]
}

func (l *leg) streams() (out []*rtpprobe.Stream) {
	for _, m := range l.moved {
		out = append(out, m.stream)
	}
	return out
}

// closeMoved closes the streams before the last, which is given: the first stream is the
// record's, the others follow.
func (l *leg) closeMoved(last *rtpprobe.Result) {
	l.mu.Lock()
	moved := l.moved
	l.moved = nil
	l.mu.Unlock()
	var all []rtpprobe.Result
	for _, m := range moved {
		all = append(all, m.stream.Close())
		m.sockets.close()
	}
	all = append(all, *last)
	*last = all[0]
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(all) > 1 {
		l.end.MoreMedia = all[1:]
	}
}
