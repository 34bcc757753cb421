package responder

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// overtime is how much longer than planned many calls may take, for setting up and
// ending them.
const overtime = 20 * time.Second

// byeGrace is how long after the last call was over for the client its BYE may take:
// then this end hangs up too.
const byeGrace = 2 * time.Second

// A loading is a session's many calls at once; one test at a time.
type loading struct {
	mu    sync.Mutex
	many  *call.Many // nil when there is none
	check scenarios.Check
	ctx   context.Context
	end   context.CancelFunc // takes no more calls
}

// load carries out one step of holding many calls at once.
func (r *Responder) load(s *session, in *sipprobe.Incoming, o pairing.LoadOrder) error {
	if o.Begin == nil {
		s.loading.mu.Lock()
		defer s.loading.mu.Unlock()
		if s.loading.many == nil || s.loading.check.ID != o.End {
			return pairing.ErrNoRecord
		}
		s.loading.end()
		return nil
	}
	test := *o.Begin.Check.Load
	if err := r.roomFor(test.Calls); err != nil {
		return err
	}
	if err := r.reserve(test.Calls); err != nil {
		return err
	}
	if err := r.beginLoad(s, in, *o.Begin); err != nil {
		r.release(test.Calls)
		return err
	}
	return nil
}

// roomFor says why this machine has no room for so many calls, nil when it has.
func (r *Responder) roomFor(calls int) error {
	if files := rtpprobe.OpenFileBudget(); files < 2*calls {
		return fmt.Errorf("its limit of open files leaves room for %d calls, not for %d", files/2, calls)
	}
	if pairs := r.cfg.RTP.Size() / 2; r.cfg.RTP != (rtpprobe.PortRange{}) && pairs < calls {
		return fmt.Errorf("its media ports %s have room for %d calls, not for %d", r.cfg.RTP, pairs, calls)
	}
	return nil
}

// reserve takes calls from those that all clients together may hold.
func (r *Responder) reserve(calls int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	limit := r.cfg.MaxLoadCalls
	if limit == 0 {
		limit = scenarios.MaxLoadCalls
	}
	if r.held+calls > limit {
		return fmt.Errorf("it holds at most %d calls at once, for all clients (--max-calls)", max(limit, 0))
	}
	r.held += calls
	return nil
}

func (r *Responder) release(calls int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held -= calls
}

func (r *Responder) beginLoad(s *session, in *sipprobe.Incoming, b pairing.LoadBegin) error {
	s.loading.mu.Lock()
	defer s.loading.mu.Unlock()
	if s.loading.many != nil {
		return errors.New("one load at a time")
	}
	if !s.begin(b.Check.ID) {
		return errors.New("too many checks")
	}
	test := *b.Check.Load
	b.Check.Call = &test.Call
	ctx, cancel := context.WithTimeout(s.ctx, test.Length()+overtime)
	open, end := context.WithCancel(ctx)
	many := call.NewMany(test)
	s.loading.many, s.loading.check, s.loading.ctx, s.loading.end = many, b.Check, ctx, end
	go func() {
		defer cancel()
		if b.Check.Direction == scenarios.Outbound {
			s.fileLoad(many, r.placeMany(ctx, s, in, many, b))
		} else {
			<-open.Done()
			late := time.AfterFunc(byeGrace, cancel)
			defer late.Stop()
			s.fileLoad(many, "")
		}
		r.release(test.Calls)
	}()
	return nil
}

// fileLoad files the record of a load once its calls are over.
func (s *session) fileLoad(many *call.Many, fault string) {
	end := many.Close()
	end.Fault = fault
	s.loading.mu.Lock()
	id := s.loading.check.ID
	s.loading.many = nil
	s.loading.mu.Unlock()
	s.finish(id, end)
}

// placeMany calls the client, and says why it could not begin.
func (r *Responder) placeMany(ctx context.Context, s *session, in *sipprobe.Incoming, many *call.Many, b pairing.LoadBegin) (fault string) {
	reach, cancel := context.WithTimeout(ctx, pairing.ReachTimeout)
	e, to, err := r.target(reach, s, in, pairing.Call(b), s.run+"-"+b.Check.ID)
	cancel()
	if err != nil {
		return err.Error()
	}
	local := e.Local().Addr()
	if !local.IsValid() { // a line that this end has dialled
		local = in.Local.Addr()
	}
	setup := many.Setup(r.setup(s, b.Check, local))
	many.Place(ctx, func(ctx context.Context, number int) evidence.CallEnd {
		to := to
		to.Token = evidence.Run{ID: s.run}.LoadToken(b.Check.ID, number)
		return call.Place(ctx, e, to, setup)
	}, func(int) {})
	if b.Port != 0 {
		e.Disconnect(to.Peer)
	}
	return ""
}

// oneOfMany answers an INVITE that belongs to the session's load, and reports whether
// it did.
func (r *Responder) oneOfMany(s *session, in *sipprobe.Incoming) bool {
	s.loading.mu.Lock()
	many, check, ctx := s.loading.many, s.loading.check, s.loading.ctx
	s.loading.mu.Unlock()
	if many == nil || check.Direction != scenarios.Inbound || string(check.Transport) != string(in.Endpoint.Transport()) {
		return false
	}
	number, ok := numberOf(in.CallID, s.run, check.ID, many)
	if !ok {
		return false
	}
	if !many.Begin(number) {
		in.Reply(486, "Busy Here", sipprobe.Body{})
		return true
	}
	many.Done(number, call.Answer(ctx, in, evidence.Run{ID: s.run}.LoadToken(check.ID, number), many.Setup(r.setup(s, check, in.Local.Addr()))))
	return true
}

// numberOf reads the number of a call out of its Call-ID. Where a middlebox has changed
// that, it is the next call's.
func numberOf(callID, run, check string, many *call.Many) (number int, ok bool) {
	rest, ours := strings.CutPrefix(callID, run+"-")
	if !ours {
		return many.Next(), true
	}
	rest, ours = strings.CutPrefix(rest, check+"-")
	number, err := strconv.Atoi(rest)
	return number, ours && err == nil
}
