package call

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// enoughFailures is how many calls may fail to be set up before no more are placed: the
// limit has been found, and whoever else uses the site should not be kept out of it.
const enoughFailures = 20

// Many is one end of many calls at once: it places or answers them, and keeps a compact
// record of each. It is safe for concurrent use.
type Many struct {
	test    scenarios.LoadTest
	started time.Time
	pacer   *rtpprobe.Pacer
	work    sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	begun   map[int]time.Time
	calls   []evidence.LoadCall
	seconds []evidence.LoadSecond
	failed  int
	stopped string
}

// NewMany begins the record of one end. Its calls have a pacer of their own, so that its
// lateness is theirs; Close ends it.
func NewMany(test scenarios.LoadTest) *Many {
	return &Many{test: test, started: time.Now(), pacer: rtpprobe.StartPacer(rtpprobe.PacerConfig{}), begun: make(map[int]time.Time)}
}

// Begin notes that a call begins, and reports whether it may: each number does once,
// until Close.
func (m *Many) Begin(number int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, twice := m.begun[number]; twice || m.closed || number < 1 || number > m.test.Calls {
		return false
	}
	m.begun[number] = time.Now()
	m.work.Add(1)
	return true
}

// Next is the lowest number that has not begun, for an INVITE whose own number was lost
// on the way; 0 when all have.
func (m *Many) Next() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := 1; n <= m.test.Calls; n++ {
		if _, begun := m.begun[n]; !begun {
			return n
		}
	}
	return 0
}

// Setup is that of one of the calls, from that of all.
func (m *Many) Setup(s Setup) Setup {
	s.Check.Call, s.Pacer = &m.test.Call, m.pacer
	return s
}

// Done files the record of a call that had begun.
func (m *Many) Done(number int, end evidence.CallEnd) {
	defer m.work.Done()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, m.compact(number, end))
	m.sum(end.Media)
	if !end.Established {
		m.failed++
	}
}

// Place places the calls one after the other, at the pace of the test, and returns when
// all are over. The function places one; told is told how many have begun.
func (m *Many) Place(ctx context.Context, place func(ctx context.Context, number int) evidence.CallEnd, told func(calls int)) {
	for i := range m.test.Calls {
		due := m.started.Add(time.Duration(i) * m.test.Interval())
		if sleep(ctx, time.Until(due)) != nil || m.enough() || !m.Begin(i+1) {
			break
		}
		go func() { m.Done(i+1, place(ctx, i+1)) }()
		told(i + 1)
	}
	m.work.Wait()
}

// enough reports whether so many calls have failed that no more are to be placed.
func (m *Many) enough() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed >= enoughFailures {
		m.stopped = "too many calls could not be set up"
	}
	return m.stopped != ""
}

// Close takes no more calls, waits for those under way, and returns the record.
func (m *Many) Close() evidence.LoadEnd {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.work.Wait()
	late := m.pacer.Lateness()
	m.pacer.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	end := evidence.LoadEnd{Started: m.started.UTC().Round(0), Seconds: m.seconds, Stopped: m.stopped}
	byNumber := make(map[int]evidence.LoadCall)
	for _, c := range m.calls {
		byNumber[c.Number] = c
	}
	for _, n := range slices.Sorted(maps.Keys(byNumber)) {
		end.Calls = append(end.Calls, byNumber[n])
	}
	if late.Count > 0 {
		end.Lateness = &rtpprobe.LatenessUS{P50: micros(late.P50), P99: micros(late.P99), Max: micros(late.Max), CatchUps: late.CatchUps}
	}
	return end
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()/10) / 100 }

// since is a time of the record, in milliseconds.
func (m *Many) since(at time.Time) float64 { return evidence.Millis(at.Sub(m.started)) }

// compact is what is kept of a call. The caller holds the lock.
func (m *Many) compact(number int, end evidence.CallEnd) evidence.LoadCall {
	c := evidence.LoadCall{Number: number, AtMs: m.since(m.begun[number]), Established: end.Established, Ended: end.Ended, Fault: end.Fault}
	if x := end.Invite; x != nil {
		c.Outcome, c.Status = string(x.Outcome), x.Status
		c.SetupMs = setupTime(x)
	}
	if end.Media == nil {
		return c
	}
	sent, received := end.Media.Sent, end.Media.Received
	c.SentPackets, c.SentBytes, c.ReceivedPackets = sent.Packets, sent.Bytes, received.Packets
	for _, e := range sent.Errors {
		if e.Kind != "connection-refused" && e.Kind != "closed" { // what ICMP or the end of the call say
			c.SendErrors += e.Count
		}
	}
	c.BufferDrops, c.JitterMs, c.RoundTripMs = received.BufferDrops, received.JitterMS, end.Media.RTCP.RoundTripMS
	c.LongestLossRun, c.LossRuns = received.LongestLossRun, received.LossRuns
	c.ToneHeardMs, c.OwnToneMs = received.ToneHeardMS, received.OwnToneMS
	if received.LastMS != nil {
		c.LastMs = new(m.since(end.Media.Opened) + *received.LastMS)
	}
	return c
}

// setupTime is from the first copy of the INVITE to the final answer; nil without one.
func setupTime(x *sipprobe.Exchange) *float64 {
	if x.Status < 200 || len(x.Events) == 0 {
		return nil
	}
	return new(evidence.Millis(x.Events[len(x.Events)-1].Time.Sub(x.Events[0].Time)))
}

// sum adds the seconds of a call to those of all.
func (m *Many) sum(media *rtpprobe.Result) {
	if media == nil {
		return
	}
	first := int((media.Opened.Sub(m.started) + time.Second/2) / time.Second)
	for i, step := range media.Steps {
		n := max(first+i, 0)
		if n >= m.longest() {
			return
		}
		for len(m.seconds) <= n {
			m.seconds = append(m.seconds, evidence.LoadSecond{})
		}
		s := &m.seconds[n]
		s.SentPackets += step.Sent
		s.ReceivedPackets += step.Received
		s.LostPackets += step.Lost
		if step.Sent > 0 {
			s.Calls++
		}
	}
}

// longest bounds the seconds of a record.
func (m *Many) longest() int { return int(m.test.Length()/time.Second) + 60 }
