package rtpprobe

import (
	"encoding/binary"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stampOf is the control message of a datagram that arrived at a time.
func stampOf(at time.Time) []byte {
	b := binary.NativeEndian.AppendUint64(nil, unix.SizeofCmsghdr+16)
	b = binary.NativeEndian.AppendUint32(b, unix.SOL_SOCKET)
	b = binary.NativeEndian.AppendUint32(b, unix.SCM_TIMESTAMPNS)
	b = binary.NativeEndian.AppendUint64(b, uint64(at.Unix()))
	return binary.NativeEndian.AppendUint64(b, uint64(at.Nanosecond()))
}

// TestArrival: what waits while the program stands still has arrived all the same; a step of the wall clock is no wait.
func TestArrival(t *testing.T) {
	if unix.SizeofPtr != 8 {
		t.Skip("the control message is another one")
	}
	opened := time.Now()
	now := opened.Add(6 * time.Second)
	for name, row := range map[string]struct{ stamp, want time.Time }{
		"read at once":                   {now, now},
		"waited for four seconds":        {now.Add(-4 * time.Second), now.Add(-4 * time.Second)},
		"stamped before it was open":     {now.Add(-time.Hour), now},
		"stamped later than it was read": {now.Add(time.Second), now},
	} {
		if got := arrival(stampOf(row.stamp), opened, now); !got.Equal(row.want) {
			t.Errorf("%s: %v, want %v", name, got.Sub(now), row.want.Sub(now))
		}
	}
	if got := longestQueue(6*time.Second+time.Hour, 6*time.Second); got != maxQueued {
		t.Errorf("%v once the clock was set by an hour", got)
	}
	if got := longestQueue(6*time.Second, 6*time.Second); got != 6*time.Second {
		t.Errorf("%v while it was not", got)
	}
}
