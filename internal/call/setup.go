package call

import (
	"context"
	"errors"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// over is a channel of what has happened already.
func over() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// side is the end that this one is.
func (s Setup) side() scenarios.Side {
	if s.Inside {
		return scenarios.ResponderSide
	}
	return scenarios.ClientSide
}

// called is the setup of the end that is called: where it speaks before it answers, there
// is no time in which it only listens.
func (s Setup) called() Setup {
	if s.Check.Call.Setup.EarlyMediaMs > 0 {
		s.Cold = 0
	}
	return s
}

// caller is the setup of the end that calls.
func (s Setup) caller() Setup {
	if s.Check.Call.Setup.EarlyMediaMs > 0 {
		s.Lead = 0
	}
	return s
}

// leastSession is the shortest session timer that this end takes.
func (s Setup) leastSession() time.Duration {
	if t := s.Check.Call.SessionTimer.Expires(); t > 0 {
		return min(t, sipprobe.MinSession)
	}
	return sipprobe.MinSession
}

// invitation is what this end calls with.
func (l *leg) invitation() (sipprobe.Invitation, error) {
	c := l.setup.Check.Call
	inv := sipprobe.Invitation{Early: l.early, Large: c.Setup.OfferBytes > 0}
	if t := c.SessionTimer; t.ExpiresMs > 0 {
		inv.Session = sipprobe.Session{Expires: t.Expires(), Mine: t.Refresher == l.setup.side()}
	}
	offer, err := l.describe(c.Setup.OfferBytes)
	if c.Setup.DelayedOffer {
		inv.Answer = func(offer []byte) []byte {
			l.hear(offer) // what cannot be used is said when the 200 is read again
			l.answering = true
			answer, _ := l.sdp()
			return answer
		}
		return inv, err
	}
	inv.Offer = offer
	return inv, err
}

// early notes media before the answer.
func (l *leg) early(sdp []byte) {
	l.mu.Lock()
	again := l.heardEarly
	l.heardEarly = true
	l.mu.Unlock()
	if err := l.hear(sdp); err == nil && !again {
		l.note(evidence.Moment{What: evidence.EarlyMoment, By: l.farSide()})
	}
}

// offered reads the offer; nil where the call is to do without.
func (l *leg) offered(in *sipprobe.Incoming) error {
	if l.delayed = len(in.Body) == 0 && l.setup.Check.Call.Setup.DelayedOffer; l.delayed {
		return nil
	}
	l.answering = true
	return l.hear(in.Body)
}

// ring keeps the caller waiting for as long as the scenario says, the last part of it
// with audio.
func (l *leg) ring(ctx context.Context, in *sipprobe.Incoming, answer []byte) error {
	in.Ring()
	how := l.setup.Check.Call.Setup
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-in.Cancelled():
			stop()
		case <-waiting.Done():
		}
	}()
	err := sleep(waiting, how.Ring())
	if err == nil && how.EarlyMediaMs > 0 {
		if err = in.Progress(answer); err == nil {
			l.note(evidence.Moment{What: evidence.EarlyMoment, By: l.setup.side()})
			err = l.say(waiting, how.EarlyMedia())
		}
	}
	if err == nil {
		l.note(evidence.Moment{What: evidence.AnswerMoment})
		return nil
	}
	if ctx.Err() != nil {
		in.Reply(480, "Temporarily Unavailable", sipprobe.Body{})
	}
	return err
}

// established is an accepted call whose ACK has come.
func (l *leg) established(call *sipprobe.Call) {
	l.end.Established = true
	if !l.delayed {
		return
	}
	if err := l.hear(call.AckBody()); err != nil {
		l.fault(errors.New("the answer in the ACK cannot be used: " + err.Error()))
	}
}

// hangsUp reports whether this end is the one that hangs up.
func (l *leg) hangsUp(caller bool) bool {
	if who := l.setup.Check.Call.Hangup; who != "" {
		return who == l.setup.side()
	}
	return caller
}

// lastWord hangs up, when everything was said, at the end that was called and is to do so.
func (l *leg) lastWord(ctx context.Context) bool {
	if l.calling || !l.hangsUp(false) {
		return false
	}
	sleep(ctx, drain)
	return true
}

func (l *leg) farSide() scenarios.Side {
	if l.setup.Inside {
		return scenarios.ClientSide
	}
	return scenarios.ResponderSide
}
