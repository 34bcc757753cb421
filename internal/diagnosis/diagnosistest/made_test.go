package diagnosistest

import (
	"net/netip"
	"reflect"
	"testing"

	"bothways/internal/evidence"
)

// TestRunsAreCopies changes what was handed out: what is handed out next is as it was.
func TestRunsAreCopies(t *testing.T) {
	t.Parallel()
	runs := Runs()
	for i, made := range makeRuns() {
		if !reflect.DeepEqual(made, runs[i]) {
			t.Errorf("%s is not what was made", made.Name)
		}
	}
	for name, hand := range map[string]func() *evidence.Evidence{
		"Find": func() *evidence.Evidence { return Find("clean") },
		"Runs": func() *evidence.Evidence { return Runs()[0].Evidence },
	} {
		spoil(hand())
		if !reflect.DeepEqual(Site{}.Run(), hand()) {
			t.Errorf("%s hands out what was spoilt", name)
		}
	}
}

// spoil changes a run at each depth.
func spoil(ev *evidence.Evidence) {
	ev.Run.Address = netip.Addr{}
	ev.Client.Tape[0].Data[0]++
	ev.Responder.Sockets[0].Error = "spoilt"
	for i := range ev.Checks {
		if c := &ev.Checks[i]; c.CallFacts != nil {
			c.CallFacts.Client.Media.Sent.Packets++
			c.Call.Responder.Latch = "spoilt"
		}
	}
}
