package rtpprobe

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"
)

// A job is one stream's work in a shard.
type job struct {
	start    time.Time
	interval time.Duration
	n        int // calls in all
	send     func(k int, due time.Time)
	late     *histogram // nil = not measured

	k     int
	at    time.Time // when call k is made: due, or later when catching up
	index int       // in the queue, -1 while its call is under way
	gone  bool      // removed while its call was under way
	err   error
	done  chan struct{}
}

func (j *job) due() time.Time { return j.start.Add(time.Duration(j.k) * j.interval) }

// A shard is one goroutine with a queue of jobs in order of time.
type shard struct {
	jobs atomic.Int64 // queued or under way

	late histogram

	mu     sync.Mutex
	alarm  alarm
	queue  queue
	closed bool

	// A precise alarm is set early by what it usually is late, and a call may be early by as much.
	precise bool
	lead    time.Duration
	wakeAt  time.Time // that the alarm was set for
}

// How early a call may be, and how fast that is learnt.
const (
	maxLead     = 100 * time.Microsecond
	maxLeadStep = 2 * time.Microsecond
)

func newShard(portable bool) *shard {
	s := &shard{}
	if !portable {
		s.alarm = newKernelAlarm()
	}
	s.precise = s.alarm != nil
	if !s.precise {
		s.alarm = newTimerAlarm()
	}
	return s
}

func (s *shard) run() {
	for s.alarm.wait() {
		s.work()
	}
}

// work makes every call whose time has come, and sets the alarm for the next.
func (s *shard) work() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learn(time.Now())
	for len(s.queue) > 0 {
		j, now := s.queue[0], time.Now()
		if j.at.Sub(now) > s.lead {
			s.wake(j.at, now)
			return
		}
		s.call(j, now)
	}
}

// wake sets the alarm.
func (s *shard) wake(at, now time.Time) {
	s.wakeAt = at.Add(-s.lead)
	s.alarm.set(s.wakeAt.Sub(now))
}

// learn moves lead towards how late the alarm was, by so little at a time that a stall hardly counts.
func (s *shard) learn(now time.Time) {
	if late := now.Sub(s.wakeAt); s.precise && late >= 0 {
		step := min(max((late-s.lead)/16, -maxLeadStep), maxLeadStep)
		s.lead = min(s.lead+step, maxLead)
	}
}

// call makes the job's next call, with the shard unlocked meanwhile, and puts the job back.
func (s *shard) call(j *job, now time.Time) {
	heap.Pop(&s.queue)
	k, due := j.k, j.due()
	s.late.add(now.Sub(due))
	if j.late != nil {
		j.late.add(now.Sub(due))
	}
	s.mu.Unlock()
	j.send(k, due)
	s.mu.Lock()
	s.advance(j, now)
}

func (s *shard) advance(j *job, now time.Time) {
	j.k++
	if j.gone || s.closed || j.k == j.n {
		if s.closed && j.k < j.n {
			j.err = ErrPacerClosed
		}
		s.finish(j)
		return
	}
	j.at = j.due()
	if earliest := now.Add(j.interval / 4); j.at.Before(earliest) {
		j.at = earliest
		s.late.catchUp()
		if j.late != nil {
			j.late.catchUp()
		}
	}
	heap.Push(&s.queue, j)
}

func (s *shard) finish(j *job) {
	s.jobs.Add(-1)
	close(j.done)
}

func (s *shard) add(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs.Add(1)
	j.at = j.due()
	if s.closed {
		j.err = ErrPacerClosed
		s.finish(j)
		return
	}
	heap.Push(&s.queue, j)
	if j.index == 0 {
		s.wake(j.at, time.Now())
	}
}

// remove takes a job out, and waits for its call if one is under way.
func (s *shard) remove(j *job) {
	s.mu.Lock()
	select {
	case <-j.done:
	default:
		j.gone = true
		if j.index >= 0 {
			heap.Remove(&s.queue, j.index)
			s.finish(j)
		}
	}
	s.mu.Unlock()
	<-j.done
}

func (s *shard) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	for _, j := range s.queue {
		j.err = ErrPacerClosed
		s.finish(j)
	}
	s.queue = nil
	s.alarm.close()
}
