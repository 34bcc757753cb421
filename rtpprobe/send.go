package rtpprobe

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// errSending keeps one stream's packets in order.
var errSending = errors.New("the stream is sending already")

// Send sends d worth of paced audio to remote (or to the latched source, see StreamConfig.Latch) and
// returns after the last packet, with ctx's cause when that is done first, or with ErrStreamClosed. An
// invalid remote waits until a source is latched. What the network or Allow refuses is counted, and does
// not end it. Send may be called again when it has returned: sequence and timestamps go on.
func (s *Stream) Send(ctx context.Context, remote netip.AddrPort, d time.Duration) error {
	if !s.sending.TryLock() {
		if s.isClosed() {
			return ErrStreamClosed
		}
		return errSending
	}
	defer s.sending.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.life, func() { cancel(ErrStreamClosed) })()
	if s.isClosed() {
		return ErrStreamClosed
	}
	if err := s.aim(ctx, remote); err != nil {
		return err
	}
	n := int((d + s.cfg.Ptime - 1) / s.cfg.Ptime)
	if n <= 0 {
		return nil
	}
	start := s.cfg.Pacer.nextStart(s.cfg.Ptime)
	s.out.begin(start)
	s.startReports()
	return s.cfg.Pacer.run(ctx, &job{
		start: start, interval: s.cfg.Ptime, n: n, late: &s.out.late,
		send: func(k int, due time.Time) { s.sendPacket(k == 0, due) },
	})
}

// aim sets the address to send to, or waits for one to be heard.
func (s *Stream) aim(ctx context.Context, remote netip.AddrPort) error {
	if remote.IsValid() {
		s.remote.Store(new(unmap(remote)))
		return nil
	}
	if s.cfg.Latch == LatchNever || s.cfg.Allow == nil {
		return errors.New("without an address to send to, a stream needs a Latch and Allow")
	}
	select {
	case <-s.heard:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// sendPacket is called by the pacer, once per packet time.
func (s *Stream) sendPacket(marked bool, due time.Time) {
	b := s.out.next(marked, due)
	if b == nil {
		return
	}
	to := s.destination(s.out.refuse)
	if !to.IsValid() {
		return
	}
	plain := len(b)
	b, err := s.secret.sealMedia(b)
	if err == nil {
		err = s.outlet.write(b, to)
	}
	s.out.sent(to, plain, len(b)-plain, err)
}
