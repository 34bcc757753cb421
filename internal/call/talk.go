package call

import (
	"context"
	"net/netip"
	"time"

	"bothways/internal/evidence"
)

// talk streams to the address that the other end advertised, after the cold time,
// and returns when everything was sent or ctx ends.
func (l *leg) talk(ctx context.Context) {
	if err := l.listenOnly(ctx); err != nil {
		return
	}
	if l.setup.Lead > 0 {
		lead := time.AfterFunc(l.setup.Lead, l.leadOver)
		defer lead.Stop()
		defer l.control(ctx, l.remote())()
	}
	c := l.setup.Check.Call
	first, second := c.Talk()+l.setup.Lead, time.Duration(0)
	if c.PauseMs != 0 {
		first, second = c.Talk()/2+l.setup.Lead, c.Talk()/2
	}
	err := l.say(ctx, first)
	if err == nil && second != 0 && sleep(ctx, c.Pause()) == nil {
		err = l.say(ctx, second)
	}
	if err != nil && ctx.Err() == nil {
		l.fault(err)
	}
}

// remote is where the far end wants audio.
func (l *leg) remote() netip.AddrPort {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.theirs.Address
}

func (l *leg) listenOnly(ctx context.Context) error {
	if l.setup.Cold == 0 {
		return nil
	}
	start := time.Now()
	if err := sleep(ctx, l.setup.Cold); err != nil {
		return err
	}
	in, waited := l.first().Result().Received, time.Since(start)
	cold := &evidence.Cold{
		WaitedMs: evidence.Millis(waited),
		LateMs:   evidence.Millis(waited - l.setup.Cold),
		Packets:  in.Arrived(),
	}
	if l.setup.Check.FromSecond() {
		cold.ControlPackets = &in.Control
	}
	l.mu.Lock()
	l.end.Cold = cold
	l.mu.Unlock()
	return nil
}

// leadOver notes what was sent while the other end only listened.
func (l *leg) leadOver() {
	lead := &evidence.Lead{
		LastedMs: evidence.Millis(l.setup.Lead),
		Packets:  l.first().Result().Sent.Packets,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end.Lead = lead
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
