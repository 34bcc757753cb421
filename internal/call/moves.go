package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// moveTimeout bounds a request in the call from its first copy to its answer. An INVITE
// has 32 s (Timer B of RFC 3261); nothing is learned by waiting for them.
const moveTimeout = 8 * time.Second

// begin lets a call that is up change, by this end's moves and those of the far end. The
// context ends where the call must end for it, and with the function, which waits for
// what is under way.
func (l *leg) begin(ctx context.Context, call *sipprobe.Call) (context.Context, func()) {
	call.OnChange(l.change)
	live, cancel := context.WithCancel(ctx)
	start := time.Now()
	var work sync.WaitGroup
	work.Go(func() {
		if !l.script(live, call, start) {
			cancel()
		}
	})
	work.Go(func() {
		call.KeepSession(live, func(ctx context.Context) sipprobe.Exchange { return l.refresh(ctx, call) })
	})
	return live, func() {
		cancel()
		work.Wait()
	}
}

// script makes this end's moves; false when one drew no answer.
func (l *leg) script(ctx context.Context, call *sipprobe.Call, start time.Time) bool {
	for _, m := range l.setup.Check.Call.Moves {
		if m.By != l.setup.side() {
			continue
		}
		if sleep(ctx, time.Until(start.Add(m.At()))) != nil {
			return true
		}
		if !l.move(ctx, call, m) {
			return false
		}
	}
	return true
}

// move makes one move; false when it drew no answer, upon which the call must end (RFC
// 3261 section 12.2.1.2).
func (l *leg) move(ctx context.Context, call *sipprobe.Call, m scenarios.Move) bool {
	undo, err := l.prepare(ctx, m)
	if err != nil {
		l.fault(err)
		return true
	}
	var offer []byte
	if !m.NoOffer && (m.Do != scenarios.UpdateMove || m.Media != "") {
		if offer, err = l.sdp(); err != nil {
			l.fault(err)
			return true
		}
	}
	limit, cancel := context.WithTimeout(ctx, moveTimeout)
	defer cancel()
	begun := time.Now()
	x := l.ask(limit, call, m, offer)
	if x.Outcome != sipprobe.Accepted {
		undo()
	} else if offer != nil {
		l.agreed(x.Body())
	}
	if x.Outcome == sipprobe.Accepted {
		l.retire()
	}
	what := evidence.MomentKind(m.Do)
	if offer == nil && !m.NoOffer {
		what = evidence.RefreshMoment
	}
	if cutShort(ctx, x, begun) {
		return true
	}
	l.note(evidence.Moment{What: what, By: m.By, Method: x.Method, How: m.How, Moved: m.Media.Leaves(),
		Outcome: x.Outcome, Status: x.Status, TookMs: evidence.Millis(time.Since(begun))})
	l.wake()
	if ctx.Err() != nil || x.Outcome != sipprobe.Silent && x.Status != 481 && x.Status != 408 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unanswered = true
	return false
}

// ask sends the request of a move.
func (l *leg) ask(ctx context.Context, call *sipprobe.Call, m scenarios.Move, offer []byte) sipprobe.Exchange {
	switch {
	case m.NoOffer:
		return call.ReinviteEmpty(ctx, l.reply)
	case m.Do == scenarios.UpdateMove:
		return call.Update(ctx, offer)
	}
	return call.Reinvite(ctx, offer)
}

// reply answers the offer in the 200 to a re-INVITE without one; nil where it cannot be used.
func (l *leg) reply(offer []byte) []byte {
	l.agreed(offer)
	l.mu.Lock()
	l.answering = true
	l.mu.Unlock()
	answer, err := l.sdp()
	if err != nil {
		l.fault(err)
	}
	return answer
}

// cutShort reports whether the call ended before a request in it had time to be answered:
// over UDP that is three copies.
func cutShort(ctx context.Context, x sipprobe.Exchange, begun time.Time) bool {
	return ctx.Err() != nil && x.Outcome != sipprobe.Accepted && time.Since(begun) < 2*time.Second
}

// prepare changes this end as the move says; undo takes it back.
func (l *leg) prepare(ctx context.Context, m scenarios.Move) (undo func(), err error) {
	l.mu.Lock()
	hold := l.hold
	switch m.Do {
	case scenarios.HoldMove:
		l.hold = m.How
	case scenarios.ResumeMove:
		l.hold = ""
	}
	l.answering = false
	l.mu.Unlock()
	if m.Media.Leaves() {
		return l.moveMedia(ctx, m.Media)
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.hold = hold
	}, nil
}

var errNoSecond = errors.New("this end has no second address for its media")

// moveMedia opens another pair of ports with a stream of its own. The one before listens
// until it is retired.
func (l *leg) moveMedia(ctx context.Context, to scenarios.MediaMove) (undo func(), err error) {
	setup := l.setup
	if to == scenarios.SecondMedia {
		if setup.Local, setup.Public = l.setup.Second.Local, l.setup.Second.Public; !setup.Local.IsValid() {
			return nil, errNoSecond
		}
	}
	setup.Behaviour.DTMF, setup.Behaviour.GapMs = "", 0 // they belong to the first
	fresh, err := openLeg(ctx, setup)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	before, at := line{l.sockets, l.stream, l.key}, l.advertised
	l.sockets, l.stream, l.key, l.advertised = fresh.sockets, fresh.stream, fresh.key, fresh.advertised
	l.moved = append(l.moved, before)
	return func() {
		l.mu.Lock()
		l.sockets, l.stream, l.key, l.advertised = before.sockets, before.stream, before.key, at
		l.moved = l.moved[:len(l.moved)-1]
		l.mu.Unlock()
		fresh.stream.Close()
		fresh.sockets.close()
	}, nil
}

// underWay is how long packets to a port that this end has left may still come.
const underWay = time.Second

// retire closes the streams before the last when what is under way to them has come: what a
// far end sends there that does not follow is heard by nobody.
func (l *leg) retire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, old := range l.moved {
		time.AfterFunc(underWay, func() { old.stream.Close() })
	}
}

// agreed takes the far end's answer.
func (l *leg) agreed(answer []byte) {
	m, err := sipprobe.ParseMedia(answer)
	if err != nil {
		l.fault(fmt.Errorf("the answer in the call cannot be used: %w", err))
		return
	}
	l.mu.Lock()
	l.relatch(m)
	l.theirs = m
	l.mu.Unlock()
	if err := l.unlock(m); err != nil {
		l.fault(err)
	}
}

// wake has the talk go on as the session now says.
func (l *leg) wake() {
	l.mu.Lock()
	change := l.changed
	l.mu.Unlock()
	if change != nil {
		change(errChanged)
	}
}

// refresh keeps the session timer.
func (l *leg) refresh(ctx context.Context, call *sipprobe.Call) sipprobe.Exchange {
	begun := time.Now()
	what, ask := evidence.RefreshMoment, func(ctx context.Context) sipprobe.Exchange { return call.Update(ctx, nil) }
	if l.setup.Check.Call.SessionTimer.Method == scenarios.ReinviteMove {
		what, ask = evidence.ReinviteMoment, func(ctx context.Context) sipprobe.Exchange {
			offer, err := l.sdp()
			if err != nil {
				return sipprobe.Exchange{Method: "INVITE", Outcome: sipprobe.NotSent, Error: err.Error()}
			}
			return call.Reinvite(ctx, offer)
		}
	}
	x := ask(ctx)
	if cutShort(ctx, x, begun) {
		return x
	}
	l.note(evidence.Moment{What: what, By: l.setup.side(), Method: x.Method, Outcome: x.Outcome, Status: x.Status, TookMs: evidence.Millis(time.Since(begun))})
	return x
}

var errOtherCodec = errors.New("the codec of the call is not in the offer")

// change answers a re-INVITE or UPDATE of the far end.
func (l *leg) change(ch sipprobe.Change) ([]byte, error) {
	if ch.Method == "ACK" {
		m, err := sipprobe.ParseMedia(ch.Offer)
		if err != nil {
			l.fault(fmt.Errorf("the answer in the ACK of a re-INVITE cannot be used: %w", err))
			return nil, nil
		}
		l.note(l.take(m, "INVITE"))
		if err := l.unlock(m); err != nil {
			l.fault(err)
		}
		l.wake()
		return nil, nil
	}
	if len(ch.Offer) == 0 {
		return l.sdp()
	}
	m, err := sipprobe.ParseMedia(ch.Offer)
	if err != nil {
		return nil, err
	}
	codec, err := rtpprobe.ParseCodec(l.setup.Check.Call.Codec)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(m.Payloads, uint8(codec)) {
		return nil, errOtherCodec
	}
	if err := l.unlock(m); err != nil {
		return nil, err
	}
	what := l.take(m, ch.Method)
	answer, err := l.sdp()
	l.note(what)
	l.wake()
	return answer, err
}

// take takes the far end's new description, and says what it does.
func (l *leg) take(m sipprobe.Media, method string) evidence.Moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, heard := l.theirs, l.theirs.Way.Hears() && !l.held
	zero := m.Address.Addr().IsUnspecified()
	l.held = zero && (l.held || !before.Address.Addr().IsUnspecified())
	l.relatch(m)
	l.theirs, l.answering = m, true
	what := evidence.Moment{What: evidence.ReinviteMoment, By: l.farSide(), Method: method}
	if method == "UPDATE" {
		what.What = evidence.UpdateMoment
	}
	switch hears := m.Way.Hears() && !l.held; {
	case heard && !hears:
		what.What, what.How = evidence.HoldMoment, holdKind(m, l.held)
	case !heard && hears:
		what.What = evidence.ResumeMoment
	}
	what.Moved = !l.held && !before.Address.Addr().IsUnspecified() && before.Address != m.Address
	return what
}

// relatch lets the media learn its source anew where the far end names another address, or
// audio comes back after a hold. The caller holds the lock.
func (l *leg) relatch(m sipprobe.Media) {
	if l.setup.Behaviour.KeepLatch {
		return
	}
	was, is := l.theirs.Address, m.Address
	moved := is != was && !is.Addr().IsUnspecified() && !was.Addr().IsUnspecified() && was.IsValid()
	before := l.theirs.Way
	back := m.Way.Sends() && !before.Sends() || m.Way.Hears() && !before.Hears() || is != was && was.Addr().IsUnspecified()
	if moved || back {
		l.stream.Relatch(moved)
	}
}

// holdKind is how the far end's description holds.
func holdKind(m sipprobe.Media, zero bool) scenarios.HoldKind {
	switch {
	case zero:
		return scenarios.ZeroAddressHold
	case m.Way == sipprobe.Inactive:
		return scenarios.InactiveHold
	}
	return scenarios.SendOnlyHold
}

// reason is why the call ended, with what this end knows of it.
func (l *leg) reason(ended string) string {
	if l.unanswered && ended == "hung up" {
		return evidence.EndedUnanswered
	}
	return ended
}
