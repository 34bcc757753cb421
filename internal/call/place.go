package call

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

const (
	// setupTimeout bounds an INVITE from its first copy to its final answer, where the
	// setup does not say how long it may ring.
	setupTimeout = 8 * time.Second
	// drain lets packets that are under way arrive before the call ends.
	drain = 300 * time.Millisecond
	// byeTimeout bounds the end of a call, and lostByeTimeout that of one whose far
	// end seems to be gone.
	byeTimeout     = 4 * time.Second
	lostByeTimeout = time.Second
)

// Place calls the target and returns this end's record of the call. When ctx ends
// the call is hung up.
func Place(ctx context.Context, e *sipprobe.Endpoint, to sipprobe.Target, s Setup) evidence.CallEnd {
	release, err := s.behave(ctx, e, to.Token, e.Local().Addr())
	if err != nil {
		return evidence.CallEnd{Fault: err.Error()}
	}
	defer release()
	l, err := openLeg(ctx, s.caller())
	if err != nil {
		return evidence.CallEnd{Fault: err.Error()}
	}
	l.calling = true
	call := l.invite(ctx, e, to)
	if call != nil {
		live, end := l.begin(ctx, call)
		l.converse(live, call)
		if !l.hangsUp(true) {
			l.attend(live, call, over())
		}
		end()
		l.hangUp(ctx, call)
	}
	return l.close()
}

// invite sets the call up; nil when it was not.
func (l *leg) invite(ctx context.Context, e *sipprobe.Endpoint, to sipprobe.Target) *sipprobe.Call {
	inv, err := l.invitation()
	if err != nil {
		l.fault(err)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.setup.Ring, setupTimeout)+l.setup.Check.Call.Setup.Lasts())
	defer cancel()
	call, x := e.Call(ctx, to, inv)
	l.end.Invite = &x
	l.end.Events = x.Events
	if call == nil {
		return nil
	}
	l.end.Established = true
	defer func() { l.note(evidence.Moment{What: evidence.AnswerMoment}) }()
	if err := l.hear(x.Body()); err != nil {
		l.fault(fmt.Errorf("the answer cannot be used: %w", err))
	}
	return call
}

// converse talks until the talk time is over, ctx ends, or the far end hangs up.
func (l *leg) converse(ctx context.Context, call *sipprobe.Call) {
	if l.end.Heard == nil {
		return
	}
	talking, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-call.Ended():
			cancel()
		case <-talking.Done():
		}
	}()
	l.talk(talking)
	sleep(talking, drain)
}

func (l *leg) hangUp(ctx context.Context, call *sipprobe.Call) {
	limit := byeTimeout
	if ctx.Err() != nil {
		limit = lostByeTimeout
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	call.Bye(ctx)
	l.finished(call)
}

// finished keeps what the dialog knows, and lets it go.
func (l *leg) finished(call *sipprobe.Call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end.Events = call.Events()
	l.end.Ended = l.reason(call.EndReason())
	call.Forget()
}

// Unplaced is the record of a call that found no way to its target.
func Unplaced(err error) evidence.CallEnd {
	return evidence.CallEnd{Invite: &sipprobe.Exchange{
		Method: "INVITE", Outcome: sipprobe.NotReached, Error: err.Error(),
	}}
}
