package lab

import (
	"time"

	"bothways/internal/natlab"
)

// qualityFaults are lines that carry audio, well or badly.
func qualityFaults() []Fault {
	held := func(d natlab.Direction, every uint32, delay time.Duration) natlab.Topology {
		return boxed(natlab.Alteration{Name: "line", Change: natlab.DelayPacket, Proto: natlab.UDP, Direction: d, Ports: rtpPorts, Every: every, Delay: delay})
	}
	faults := []Fault{
		{Name: "quality-clean", Title: "nothing is wrong, with limits for every measure of quality",
			Topology: everything(), Verdict: "pass"},
		{Name: "rtp-late", Title: "audio towards the site is held up for 250 ms, and signalling is not",
			Topology: held(natlab.Inbound, 0, 250*time.Millisecond), Expect: []string{"poor-audio"}, Verdict: "degraded"},
		{Name: "rtp-late-outbound", Title: "audio from the site is held up for 250 ms, and signalling is not",
			Topology: held(natlab.Outbound, 0, 250*time.Millisecond), Expect: []string{"poor-audio"}, Verdict: "degraded"},
		{Name: "rtp-late-allowed", Title: "audio towards the site is held up for 100 ms, which is allowed",
			Topology: held(natlab.Inbound, 0, 100*time.Millisecond), Verdict: "pass"},
		{Name: "rtp-jitter", Title: "one packet of audio in three towards the site is held up for 70 ms, so that others overtake it",
			Topology: held(natlab.Inbound, 3, 70*time.Millisecond), Expect: []string{"poor-audio"}, Verdict: "degraded"},
		{Name: "rtp-jitter-allowed", Title: "one packet of audio in ten towards the site is held up for 70 ms, which is allowed",
			Topology: held(natlab.Inbound, 10, 70*time.Millisecond), Verdict: "pass"},
	}
	for i := range faults {
		faults[i].Scenario, faults[i].WholeTalk = "lab-quality", true
	}
	return faults
}
