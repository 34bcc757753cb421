package call

import (
	"context"
	"net/netip"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
)

// controlTag marks what the address that signals sends where media has another one.
func controlTag(s Setup) rtpprobe.Tag { return rtpprobe.NewTag(s.MediaKey, s.Check.ID, "control") }

// control sends from the other address while the far end only listens. What it returns
// waits for that and keeps the record.
func (l *leg) control(ctx context.Context, remote netip.AddrPort) (finish func()) {
	if !l.setup.Control.IsValid() || l.setup.MediaKey == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan evidence.Control, 1)
	go func() { done <- l.sendControl(ctx, remote) }()
	return func() {
		cancel() // it is over, or the call is
		sent := <-done
		l.mu.Lock()
		defer l.mu.Unlock()
		l.end.Control = &sent
	}
}

// sendControl is a stream of silence with a tag of its own, which the far end counts
// and does not follow.
func (l *leg) sendControl(ctx context.Context, remote netip.AddrPort) evidence.Control {
	s := l.setup
	conn, err := s.Network.ListenPacket(ctx, netip.AddrPortFrom(s.Control, 0))
	if err != nil {
		return evidence.Control{Local: netip.AddrPortFrom(s.Control, 0), Error: err.Error()}
	}
	defer conn.Close()
	tag := controlTag(s)
	stream, err := rtpprobe.Open(rtpprobe.StreamConfig{Conn: conn, SendTag: &tag, WantTag: &tag, Allow: s.Allow, Pacer: s.Pacer})
	if err != nil {
		return evidence.Control{Local: netip.AddrPortFrom(s.Control, 0), Error: err.Error()}
	}
	err = stream.Send(ctx, remote, s.Lead)
	r := stream.Close()
	out := evidence.Control{Local: r.Local, Packets: r.Sent.Packets}
	if err != nil && ctx.Err() == nil {
		out.Error = err.Error()
	}
	return out
}
