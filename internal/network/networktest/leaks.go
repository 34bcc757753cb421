package networktest

import (
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"
)

// settleTime is how long a test's goroutines and sockets may take to go.
const settleTime = 10 * time.Second

// Leaks compares goroutines and file descriptors at the end of a test with those at
// this call, and fails the test when some are left after a while. Tests that run in
// parallel with others cannot use it.
func Leaks(t testing.TB) {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), Files()
	t.Cleanup(func() {
		settled := Eventually(settleTime, func() bool {
			return runtime.NumGoroutine() <= goroutines && Files() <= files
		})
		if settled {
			return
		}
		t.Errorf("%d goroutines and %d files are left, there were %d and %d before",
			runtime.NumGoroutine(), Files(), goroutines, files)
		var b strings.Builder
		pprof.Lookup("goroutine").WriteTo(&b, 1)
		t.Log(b.String())
	})
}

// Files counts this process's open file descriptors, 0 where the system cannot tell.
func Files() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// BeforeLease is plenty for what happens at once, and less than the lease of a client that says nothing (7 s): what a
// goodbye frees must not wait for that.
const BeforeLease = 5 * time.Second

// Eventually asks until the answer is true, false when that has taken too long.
func Eventually(limit time.Duration, ask func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); <-tick.C {
		if ask() {
			return true
		}
	}
	return ask()
}

// Within is what comes over a channel, and fails the test when nothing does for a minute.
func Within[T any](t testing.TB, c <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(time.Minute):
		t.Fatal(what)
	}
	return v
}
