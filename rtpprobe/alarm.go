package rtpprobe

import (
	"sync"
	"time"
)

// An alarm wakes a shard. Only wait may be called without the shard's lock.
type alarm interface {
	// set makes wait return after d, replacing what was set before.
	set(d time.Duration)
	// wait blocks until the time that was set; false means closed.
	wait() bool
	close()
}

// A timerAlarm is an alarm from the timers of package time.
type timerAlarm struct {
	timer *time.Timer
	ended chan struct{}
	once  sync.Once
}

func newTimerAlarm() *timerAlarm {
	a := &timerAlarm{timer: time.NewTimer(time.Hour), ended: make(chan struct{})}
	a.timer.Stop()
	return a
}

func (a *timerAlarm) set(d time.Duration) { a.timer.Reset(d) }

func (a *timerAlarm) wait() bool {
	select {
	case <-a.timer.C:
		return true
	case <-a.ended:
		return false
	}
}

func (a *timerAlarm) close() {
	a.timer.Stop()
	a.once.Do(func() { close(a.ended) })
}
