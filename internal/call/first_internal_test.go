package call

import (
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// TestFirstPacketWhereTheClockWasSet: the wall clock was put back by an hour while the call rang.
func TestFirstPacketWhereTheClockWasSet(t *testing.T) {
	opened := time.Now()
	end := evidence.CallEnd{
		Events: []sipprobe.Event{{Time: opened, What: "INVITE", Sent: true}, {Time: opened.Add(2 * time.Second), What: "200"}},
		Media:  &rtpprobe.Result{Opened: opened.UTC().Add(time.Hour), Received: rtpprobe.Received{FirstMS: new(2050.)}},
	}
	if got := firstPacket(end, opened); got == nil || *got != 50 {
		t.Errorf("%v ms after the answer, want 50", got)
	}
}
