package rtpprobe

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// A sweeper is one running sweep. Its goroutine sends; one more for each local socket receives.
type sweeper struct {
	cfg     SweepConfig
	remote  netip.Addr // as ledgers have it
	lines   []sweepLine
	batches []*outBatch
	mac     *probeMAC
	ssrc    uint32
	start   time.Time
	list    []uint16       // the ports
	slots   [1 << 16]int32 // number of a port in list, counted from 1

	timer    *time.Timer
	wake     chan struct{}
	picks    []pick
	live     []int // the lines that a round is dealt to
	hasty    bool  // the answers to the latest round were not waited for
	packets  int64
	waits    int64
	errors   []ErrorCount
	unsent   portBits
	failures int // to send, in a row
	failed   error
	shown    time.Time

	mu           sync.Mutex // guards all below
	states       []portState
	known        []int32 // numbers of the ports that answered
	rounds       []roundState
	pace         pace
	waiting      bool // for answers
	echoes       int64
	elsewhere    int64
	lastEcho     time.Duration
	unheard      []unheard // controls of this round that were sent in the gap
	latestEchoes int64     // of the latest round
	awaited      awaitedControls
	confirms     awaitedControls // of flows that were there
	confirmed    int             // of them since a lull began
	gap          gap             // since the latest request that was answered
	gaps         []gap           // before
	shifts       shiftBook
	sources      sourceBook
	icmp         icmpBook
	controlsOut  [256]int64 // by rate code
	controlsBack [256]int64
	heard        []lineState // of each line
	lineOf       map[uint16]int
}

// A portState is what became of a port: bit r is for round r.
type portState struct {
	sent, echoed uint32
	at           uint32 // when the last request was sent
}

func (p *portState) answered() bool { return p.echoed != 0 }

// A roundState is one round, with the pace of each port's request.
type roundState struct {
	rates                    []uint8
	live                     []int // the lines that it was dealt to
	start, end               time.Duration
	slowest, fastest         uint8
	controls, controlsEchoed int64
}

// An unheard control was sent at a time, and at a pace.
type unheard struct {
	at   uint32
	code uint8
}

// maxSweepTime bounds a sweep: its clock of 32 bits ends after 71 minutes.
const maxSweepTime = time.Hour

var errTooLong = errors.New("a sweep ends after an hour; raise its rate, or sweep fewer ports at a time")

// Sweep tries each port of a remote address with requests that a Reflector there echoes, and returns the
// ledger of this end. It takes the ports in random order, as fast as the path allows (see the
// package comment), tries those again that do not answer, in another random order, and ends when all
// answered, when random loss no longer explains what is missing, or after cfg.Rounds. When ctx ends it
// first, the ledger comes with ctx's cause. Any other error means that nothing could be sent.
func Sweep(ctx context.Context, cfg SweepConfig) (SweepSent, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return SweepSent{}, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, maxSweepTime, errTooLong)
	defer cancel()
	s := newSweeper(cfg)
	var receivers sync.WaitGroup
	for _, line := range s.lines {
		receivers.Go(func() { line.receive(s) })
	}
	end := s.run(ctx)
	for _, line := range s.lines {
		line.stop()
	}
	receivers.Wait()
	sent := s.ledger(end)
	for _, line := range s.lines {
		line.release()
	}
	switch {
	case end == SweepCancelled:
		return sent, context.Cause(ctx)
	case s.packets == 0 && s.failed != nil:
		return sent, fmt.Errorf("none of the sweep's requests could be sent: %w", s.failed)
	}
	return sent, nil
}

func newSweeper(cfg SweepConfig) *sweeper {
	s := &sweeper{
		cfg: cfg, remote: cfg.Remote.WithZone(""), mac: cfg.Terms.newMAC(), ssrc: random32(), start: time.Now(),
		timer: time.NewTimer(time.Hour), wake: make(chan struct{}, 1),
	}
	s.timer.Stop()
	for port := range cfg.Ports.All() {
		s.list = append(s.list, port)
		s.slots[port] = int32(len(s.list))
	}
	s.states = make([]portState, len(s.list))
	room := 0
	s.heard, s.lineOf = make([]lineState, len(cfg.Conns)), make(map[uint16]int)
	for i, conn := range cfg.Conns {
		s.lineOf[localAddr(conn).Port()] = i
		line := newSweepLine(conn, s)
		s.lines, s.batches = append(s.lines, line), append(s.batches, newOutBatch(cfg.ProbeBytes))
		room += line.room()
	}
	s.pace = newPace(&s.cfg, room)
	return s
}

// A path on which nothing ever answers is given up after so many rounds, once so many requests were sent.
// After the first, a sample of the ports speaks for all of them: they are judged as one anyway.
const (
	silentRounds  = 3
	silentPackets = 20
	silentSample  = 500
)

// run goes through the rounds.
func (s *sweeper) run(ctx context.Context) SweepEnd {
	for range s.cfg.Rounds {
		queue := s.missing()
		if len(queue) == 0 {
			return SweepComplete
		}
		if len(s.rounds) > 0 && s.noneKnown() {
			queue = queue[:min(len(queue), silentSample)]
		}
		if end := s.verdict(); end != "" {
			return s.linger(ctx, end)
		}
		if !s.rest(ctx) {
			return SweepCancelled
		}
		if end := s.round(ctx, queue); end != "" {
			return end
		}
		if s.packets == 0 {
			return SweepExhausted // and Sweep tells why
		}
	}
	return s.linger(ctx, SweepExhausted)
}

// verdict ends the sweep when further rounds would tell no more.
func (s *sweeper) verdict() SweepEnd {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.known) == 0 && len(s.rounds) >= silentRounds && s.packets >= silentPackets:
		return SweepSilent
	case len(s.rounds) > 1 && !s.hasty && s.chance(false)*float64(len(s.list)) < chanceLimit/10:
		return SweepDecided
	}
	return ""
}

// noneKnown reports whether nothing has answered yet.
func (s *sweeper) noneKnown() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known) == 0
}

// missing lists the numbers of the ports that did not answer, in random order.
func (s *sweeper) missing() []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var queue []int32
	for i := range s.states {
		if !s.states[i].answered() {
			queue = append(queue, int32(i))
		}
	}
	rand.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	return queue
}

// now is the time since the start, in µs.
func (s *sweeper) now() uint32 { return uint32(time.Since(s.start) / time.Microsecond) }

// sleep waits; false means that ctx is done.
func (s *sweeper) sleep(ctx context.Context, d time.Duration) bool {
	s.timer.Reset(d)
	select {
	case <-s.timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
