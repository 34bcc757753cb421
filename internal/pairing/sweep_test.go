package pairing_test

import (
	"testing"
	"time"

	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// TestFetchSweepWaits has a record that is ready late; the responder holds each answer back.
func TestFetchSweepWaits(t *testing.T) {
	var asked []pairing.Fetch
	record := encoded(t, pairing.SweepRecord{Sent: &rtpprobe.SweepSent{ID: 7, Direction: rtpprobe.SweepOutbound, Packets: 5}})
	reply := func(o pairing.Order) pairing.Reply {
		asked = append(asked, *o.Fetch)
		if len(asked) < 4 {
			<-time.After(time.Duration(o.Fetch.HoldMs) * time.Millisecond)
			return pairing.Reply{Part: &pairing.Part{}}
		}
		rest := record[o.Fetch.Offset:]
		return pairing.Reply{Part: &pairing.Part{Ready: true, Total: len(record), Data: rest[:min(len(rest), 100)]}}
	}
	linked(t, reply, func(t *testing.T, _ *memNet, l *pairing.Link) {
		start, waits := time.Now(), 0
		got, err := l.FetchSweep(t.Context(), pairing.SweepPart{ID: 7, Window: 2}, func() { waits++ })
		if err != nil || got.Sent == nil || got.Sent.Packets != 5 || waits != 3 {
			t.Errorf("%+v, %v after %d waits", got, err, waits)
		}
		if took := time.Since(start); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("took %v", took)
		}
		if f := asked[0]; *f.Sweep != (pairing.SweepPart{ID: 7, Window: 2}) || f.HoldMs != 1000 || f.Offset != 0 {
			t.Errorf("%+v", f)
		}
		if len(l.Lost()) != 0 {
			t.Errorf("%+v", l.Lost())
		}
	})
}

func TestFetchSweepFails(t *testing.T) {
	for name, row := range map[string]struct {
		part pairing.Part
		want string
	}{
		"absent": {pairing.Part{Absent: true}, pairing.ErrNoRecord.Error()},
		"fault":  {pairing.Part{Ready: true, Data: encoded(t, pairing.SweepRecord{Fault: "no route"})}, "no route"},
	} {
		reply := func(pairing.Order) pairing.Reply { return pairing.Reply{Part: &row.part} }
		linked(t, reply, func(t *testing.T, _ *memNet, l *pairing.Link) {
			if _, err := l.FetchSweep(t.Context(), pairing.SweepPart{}, func() {}); err == nil || err.Error() != row.want {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestBoundsOfSweepsAgree holds the scenario language against what can be sent.
func TestBoundsOfSweepsAgree(t *testing.T) {
	if scenarios.MinProbeBytes != rtpprobe.MinProbeBytes || scenarios.MaxProbeBytes != rtpprobe.MaxProbeBytes {
		t.Error("the sizes of probes differ")
	}
	if scenarios.MaxRatePPS != rtpprobe.MaxSweepRate || scenarios.MinRatePPS > rtpprobe.DefaultSweepRate {
		t.Error("the paces differ")
	}
	for _, ports := range []string{scenarios.DefaultInboundPorts, scenarios.DefaultOutboundPorts} {
		if err := new(rtpprobe.PortSet).UnmarshalText([]byte(ports)); err != nil {
			t.Error(err)
		}
	}
}
