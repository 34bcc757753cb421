package call

import (
	"context"
	"time"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// grace is how long the called end waits for a BYE that is due.
const grace = 10 * time.Second

// Answer takes an incoming INVITE and returns this end's record of the call when
// it is over. The token marks the requests of this end. When ctx ends the call is
// hung up.
func Answer(ctx context.Context, in *sipprobe.Incoming, token string, s Setup) evidence.CallEnd {
	if in.TooBrief(s.leastSession()) {
		return evidence.CallEnd{Fault: "the caller asked for a session timer that is too short"}
	}
	release, err := s.behave(ctx, in.Endpoint, in.CallID, in.Local.Addr())
	if err != nil {
		in.Reply(503, "Service Unavailable", sipprobe.Body{})
		return evidence.CallEnd{Fault: err.Error()}
	}
	defer release()
	l, err := openLeg(ctx, s.called())
	if err != nil {
		in.Reply(503, "Service Unavailable", sipprobe.Body{})
		return evidence.CallEnd{Fault: err.Error()}
	}
	if err := l.offered(in); err != nil {
		in.Reply(488, "Not Acceptable Here", sipprobe.Body{})
		l.end.Unreadable = err.Error()
		return l.close()
	}
	if answer, err := l.sdp(); err != nil {
		l.fault(err)
		in.Reply(500, "Server Internal Error", sipprobe.Body{})
	} else {
		l.accept(ctx, in, token, answer)
	}
	return l.close()
}

// accept answers, talks as soon as the 200 is on its way (or was acknowledged), and
// waits for the end.
func (l *leg) accept(ctx context.Context, in *sipprobe.Incoming, token string, answer []byte) {
	talking, stop := context.WithCancel(ctx)
	defer stop()
	if err := l.ring(ctx, in, answer); err != nil {
		return
	}
	acked, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if l.awaitAck(talking, acked) {
			l.talk(talking)
		}
	}()
	call, err := in.Accept(ctx, token, answer)
	if err != nil {
		stop()
		<-done
		l.unaccepted(ctx, in, call, err)
		return
	}
	l.established(call)
	close(acked)
	live, end := l.begin(ctx, call)
	l.attend(live, call, done)
	end()
	stop()
	<-done
	l.hangUp(ctx, call)
}

// ackPatience is how long an end that is to listen first waits for the ACK.
const ackPatience = 4 * time.Second

// awaitAck reports whether this end may talk. One that is to listen first waits for
// the ACK, with which the caller's audio comes, whatever the round trip; should the
// ACK be lost it talks all the same, as a PBX does.
func (l *leg) awaitAck(ctx context.Context, acked <-chan struct{}) bool {
	if !l.setup.AfterAck && l.setup.Cold == 0 && !l.delayed {
		return true
	}
	var lost <-chan time.Time
	if !l.setup.AfterAck && !l.delayed {
		lost = time.After(ackPatience)
	}
	select {
	case <-acked:
		return true
	case <-lost:
		return true
	case <-ctx.Done():
		return false
	}
}

// unaccepted ends a call whose 200 was not acknowledged, or could not be sent.
func (l *leg) unaccepted(ctx context.Context, in *sipprobe.Incoming, call *sipprobe.Call, err error) {
	if call == nil {
		l.fault(err)
		in.Reply(500, "Server Internal Error", sipprobe.Body{})
		return
	}
	l.hangUp(ctx, call)
}

// attend waits until the far end hangs up, or should have.
func (l *leg) attend(ctx context.Context, call *sipprobe.Call, talked <-chan struct{}) {
	select {
	case <-call.Ended():
		return
	case <-ctx.Done():
		return
	case <-talked:
		if l.lastWord(ctx) {
			return
		}
	}
	select {
	case <-call.Ended():
	case <-ctx.Done():
	case <-time.After(grace):
	}
}
