package report

import "bothways/internal/diagnosis"

// Idle is what a check of idle times has shown.
type Idle struct {
	// LimitMs is how long a binding or connection must be remembered.
	LimitMs float64 `json:"limit_ms"`
	// AliveMs is the longest idle time that was survived, DeadMs the shortest that was
	// not; null when there was none.
	AliveMs *float64 `json:"alive_ms"`
	DeadMs  *float64 `json:"dead_ms"`
	// Trials ascend by their idle time.
	Trials []IdleTrial `json:"trials"`
}

// An IdleTrial is one idle time; Alive is null when the trial does not tell.
type IdleTrial struct {
	IdleMs float64 `json:"idle_ms"`
	Alive  *bool   `json:"alive"`
}

func buildIdle(i *diagnosis.Idle) *Idle {
	if i == nil {
		return nil
	}
	out := &Idle{LimitMs: i.LimitMs, AliveMs: i.AliveMs, DeadMs: i.DeadMs, Trials: []IdleTrial{}}
	for _, t := range i.Trials {
		out.Trials = append(out.Trials, IdleTrial(t))
	}
	return out
}
