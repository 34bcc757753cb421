package rtpprobe

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// ErrStreamClosed is returned by Send when the stream was closed before or under it.
var ErrStreamClosed = errors.New("stream is closed")

// A Stream is one two-way RTP stream of a call. Its methods may be called from several goroutines.
type Stream struct {
	cfg      StreamConfig
	ownPacer bool
	media    *socket
	outlet   *socket // what media leaves from: media, unless there is a SendConn
	control  *socket // what reports leave from, nil without RTCP
	secret   *secret // nil without SRTP
	opened   time.Time
	dropped  int64 // by the RTP socket before

	life context.Context // done when closed
	end  context.CancelCauseFunc

	readers sync.WaitGroup
	sending sync.Mutex // held by Send
	closing sync.Mutex // held by Close
	ended   bool
	drops   atomic.Pointer[int64] // of the RTP socket up to Close; nil = open, or unknown

	remote       atomic.Pointer[netip.AddrPort] // given to Send
	source       atomic.Pointer[netip.AddrPort] // heard last, when latching
	reportSource atomic.Pointer[netip.AddrPort] // of the last report
	reportRemote atomic.Pointer[netip.AddrPort] // what ReportTo said
	lastHeard    atomic.Int64                   // nanoseconds since opened, plus 1; 0 = never
	lasted       atomic.Int64                   // from opened to Close, in nanoseconds; 0 = open
	lastedByWall atomic.Int64                   // the same by the wall clock
	heard        chan struct{}                  // closed when source is first set
	first        sync.Once                      // closes it
	reporting    sync.Once

	jobs      sync.Mutex
	reportJob *job // nil before the first and after the last report
	reportIn  *shard

	mu        sync.Mutex
	in        inbox
	probation probation
	left      departure

	out outbox
	rep reporter
}

// Open begins to receive, at once, and returns. Close must be called, before the sockets are closed.
func Open(cfg StreamConfig) (*Stream, error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	s := &Stream{cfg: cfg, media: newSocket(cfg.Conn), opened: time.Now(), heard: make(chan struct{})}
	if cfg.Pacer == nil {
		s.cfg.Pacer, s.ownPacer = StartPacer(PacerConfig{Shards: 1}), true
	}
	s.dropped, _ = connDrops(cfg.Conn)
	s.life, s.end = context.WithCancelCause(context.Background())
	s.in = inbox{opened: s.opened, detector: newDetector(cfg.WantTone, cfg.SendTone)}
	s.out.opened = s.opened
	s.out.prepare(cfg)
	s.rep.name = newName()
	if s.secret, err = newSecret(cfg.SRTP); err != nil {
		return nil, err
	}
	s.outlet = s.media
	if cfg.SendConn != nil {
		s.outlet = newSocket(cfg.SendConn)
		s.readers.Go(func() { s.readOutlet() })
	}
	switch {
	case cfg.RTCP != nil:
		s.control = newSocket(cfg.RTCP)
		s.readers.Go(func() { s.read(s.control) })
	case cfg.Mux:
		s.control = newSocket(s.outlet.conn) // its own: reports and media are written side by side
	}
	s.readers.Go(func() { s.read(s.media) })
	return s, nil
}

// Close says goodbye (RTCP BYE), ends a Send under way, stops receiving and returns what was seen. The
// sockets stay open, with their read deadlines cleared. Another Close returns the same.
func (s *Stream) Close() Result {
	s.closing.Lock()
	defer s.closing.Unlock()
	if !s.ended {
		s.ended = true
		s.end(ErrStreamClosed)
		s.sending.Lock() // until Send has returned
		defer s.sending.Unlock()
		s.stopReports()
		s.sendGoodbye()
		s.stopReading()
		s.drops.Store(s.bufferDrops())
		lasted, byWall := s.age()
		s.lastedByWall.Store(int64(byWall))
		s.lasted.Store(int64(max(lasted, 1)))
		if s.ownPacer {
			s.cfg.Pacer.Close()
		}
	}
	return s.Result()
}

// lastReads is for how long is read at the end what is there already: much, where this machine stood still.
const lastReads = 20 * time.Millisecond

// stopReading ends the readers by a deadline, which leaves the sockets to their owner.
func (s *Stream) stopReading() {
	socks := []*socket{s.media}
	if s.cfg.RTCP != nil {
		socks = append(socks, s.control)
	}
	if s.outlet != s.media {
		socks = append(socks, s.outlet)
	}
	for _, sock := range socks {
		sock.conn.SetReadDeadline(time.Now().Add(lastReads))
	}
	s.readers.Wait()
	for _, sock := range socks {
		sock.conn.SetReadDeadline(time.Time{})
	}
}

func (s *Stream) isClosed() bool { return s.life.Err() != nil }

// LastHeard is when the last accepted packet, RTP or RTCP, arrived; zero = none yet. It costs next to nothing.
func (s *Stream) LastHeard() time.Time {
	if since := s.lastHeard.Load(); since != 0 {
		return s.opened.Add(time.Duration(since - 1))
	}
	return time.Time{}
}

func (s *Stream) heardAt(at time.Time) {
	s.lastHeard.Store(max(int64(at.Sub(s.opened)), 0) + 1)
}

// bufferDrops is what the socket lost for want of room, nil where the system does not tell.
func (s *Stream) bufferDrops() *int64 {
	n, ok := connDrops(s.cfg.Conn)
	if !ok {
		return nil
	}
	return new(max(n-s.dropped, 0))
}

// Opened is when the stream was opened, with its monotonic reading: unlike Result.Opened, what is reckoned from it
// does not move with a wall clock that is set.
func (s *Stream) Opened() time.Time { return s.opened }

// Result is what was seen so far.
func (s *Stream) Result() Result {
	open, byWall := time.Duration(s.lasted.Load()), time.Duration(s.lastedByWall.Load())
	if open == 0 {
		open, byWall = s.age()
	}
	r := Result{
		Opened:  s.opened.UTC().Round(0),
		OpenMS:  millis(open),
		Local:   localAddr(s.cfg.Conn),
		Codec:   s.cfg.Codec,
		PtimeMS: millis(s.cfg.Ptime),
		SSRC:    s.cfg.SSRC,
		Sent:    s.out.result(),
	}
	r.ClockStepMS = clockStep(byWall, open)
	if s.outlet != s.media {
		r.Sent.From = new(localAddr(s.cfg.SendConn))
	}
	r.SRTP = s.secret != nil
	s.mu.Lock()
	r.Received = s.in.result()
	if r.Received.BufferDrops = s.drops.Load(); s.lasted.Load() == 0 {
		r.Received.BufferDrops = s.bufferDrops()
	}
	r.Steps = timeline(open, s.in.steps, s.out.perSecond())
	s.mu.Unlock()
	r.RTCP = s.rep.result()
	r.RTCP.Source = s.reportSource.Load()
	if from := s.source.Load(); from != nil && s.permits(*from) {
		r.LatchedTo = from
	}
	return r
}
