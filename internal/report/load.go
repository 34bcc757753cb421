package report

import "bothways/internal/diagnosis"

// Load is what holding many calls at once has shown.
type Load struct {
	Calls  int `json:"calls"`
	Placed int `json:"placed"`
	// SetUp is null when a record is missing.
	SetUp *int `json:"set_up"`
	// Together is the most calls that were up in one second.
	Together int `json:"together"`
	// FirstNotSetUp is the number of the first call that was not set up; null when all were.
	FirstNotSetUp *int     `json:"first_not_set_up"`
	SetupMs       *float64 `json:"setup_ms"`
	SetupP95Ms    *float64 `json:"setup_p95_ms"`
	// Inbound and Outbound are null when a record is missing.
	Inbound  *LoadWay `json:"inbound"`
	Outbound *LoadWay `json:"outbound"`
}

// LoadWay is one direction of the audio of many calls.
type LoadWay struct {
	AliveCalls int `json:"alive_calls"`
	PoorCalls  int `json:"poor_calls"`
	DeadCalls  int `json:"dead_calls"`
	// FirstPoor and FirstDead are numbers of calls; null without any.
	FirstPoor       *int     `json:"first_poor"`
	FirstDead       *int     `json:"first_dead"`
	SentPackets     int64    `json:"sent_packets"`
	ReceivedPackets int64    `json:"received_packets"`
	LostPercent     *float64 `json:"lost_percent"`
	JitterP95Ms     *float64 `json:"jitter_p95_ms"`
	PeakPPS         int64    `json:"peak_pps"`
	PeakKbps        float64  `json:"peak_kbps"`
	// OnsetCalls and OnsetPPS are what was up and under way when loss began; null when it
	// did not.
	OnsetCalls *int   `json:"onset_calls"`
	OnsetPPS   *int64 `json:"onset_pps"`
	// SenderLatenessP99Ms is the sender's own pacing error.
	SenderLatenessP99Ms *float64 `json:"sender_lateness_p99_ms"`
	// BufferDropPackets and SendErrorPackets are the two machines' own losses.
	BufferDropPackets *int64 `json:"buffer_drop_packets"`
	SendErrorPackets  int64  `json:"send_error_packets"`
}

func buildLoad(l *diagnosis.Load) *Load {
	if l == nil {
		return nil
	}
	return &Load{
		Calls: l.Calls, Placed: l.Placed, SetUp: l.SetUp, Together: l.Together, FirstNotSetUp: l.FirstNotSetUp,
		SetupMs: l.SetupMs, SetupP95Ms: l.SetupP95Ms, Inbound: buildLoadWay(l.Inbound), Outbound: buildLoadWay(l.Outbound),
	}
}

func buildLoadWay(w *diagnosis.LoadWay) *LoadWay {
	if w == nil {
		return nil
	}
	return &LoadWay{
		AliveCalls: w.Alive, PoorCalls: w.Poor, DeadCalls: w.Dead, FirstPoor: w.FirstPoor, FirstDead: w.FirstDead,
		SentPackets: w.SentPackets, ReceivedPackets: w.ReceivedPackets, LostPercent: w.LostPercent, JitterP95Ms: w.JitterMs,
		PeakPPS: w.PeakPPS, PeakKbps: w.PeakKbps, OnsetCalls: w.OnsetCalls, OnsetPPS: w.OnsetPPS,
		SenderLatenessP99Ms: w.LatenessP99Ms, BufferDropPackets: w.BufferDropPackets, SendErrorPackets: w.SendErrorPackets,
	}
}
