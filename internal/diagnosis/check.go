package diagnosis

import (
	"cmp"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// A CheckVerdict is the judgement of one check, with what was measured.
type CheckVerdict struct {
	ID        string
	Kind      scenarios.Kind
	Transport scenarios.Transport
	Direction scenarios.Direction
	Optional  bool
	// Purpose is what the scenario says that the check is for, empty when it does not.
	Purpose string
	// Severity is what the run is when the check fails.
	Severity scenarios.Severity
	// Control names the check that this one is the control for, empty when it is none.
	Control string
	Verdict Verdict
	// Summary is one line with the numbers.
	Summary string
	// RTTMs is the round trip of OPTIONS, or of the call's set-up; null when unknown.
	RTTMs *float64
	// Flow is the path that an outbound call took, see [evidence.CallFacts].
	Flow string
	// Inbound and Outbound are null for checks without audio.
	Inbound, Outbound *Audio
	// Sweep is null for checks that are none.
	Sweep *Sweep
	// Idle is null for checks that left nothing idle.
	Idle *Idle
	// TLS is null for checks of anything else.
	TLS *TLS
	// Port is null for checks of other kinds.
	Port *Port
	// NAT is null for checks that are about none.
	NAT *NAT
	// Size is null for checks of anything but sizes, DSCP of anything but marks.
	Size *Size
	DSCP *DSCP
	// Load is null for checks of anything but many calls.
	Load *Load
	// Timeline is null for checks that are no call in which more happened than talk.
	Timeline *Timeline
	// Server is null for checks of anything but servers of others.
	Server *ServerCheck
}

// Audio is what both ends measured of one direction; null is unknown.
type Audio struct {
	SentPackets, ReceivedPackets         *int64
	LostPercent                          *float64
	DuplicatedPackets, OutOfOrderPackets *int64
	JitterMs                             *float64
	// SenderLatenessP99Ms is what one in a hundred packets was later than when it left:
	// jitter up to that is the sender's own.
	SenderLatenessP99Ms *float64
	ToneHeardMs         *float64
	// FirstPacketMs is how long after the answer the first packet arrived, without the time for which its sender
	// held back on purpose, or had not heard the answer. DigitsSent and DigitsHeard are null where none were dialled.
	FirstPacketMs           *float64
	DigitsSent, DigitsHeard *string
	// LossRuns counts the runs of lost packets, LongestLossRun the packets of the longest.
	LossRuns, LongestLossRunPackets *int64
	// RoundTripMs, BurstRatio, R and MOS are those of the E-model.
	RoundTripMs, BurstRatio, RFactor, MOS *float64
	// OneWayDelayMs is the mean time on the way, OneWayDelayErrorMs by how much it may be
	// wrong; null where the two clocks could not be compared.
	OneWayDelayMs, OneWayDelayErrorMs *float64
}

// judgeAll judges every check. Findings that say that nothing could be tested
// overrule what the checks saw.
func (v *view) judgeAll(findings []Finding) []CheckVerdict {
	out := make([]CheckVerdict, 0, len(v.Checks))
	for i := range v.Checks {
		c := v.judge(&v.Checks[i])
		if why := locked(findings); why != "" {
			c.Verdict, c.Summary = Skipped, why
		}
		if v.Checks[i].Mild() && c.Verdict == Fail {
			c.Verdict = Degraded
		}
		out = append(out, c)
	}
	return out
}

// locked says why nothing could be tested, empty when that is not so.
func locked(findings []Finding) string {
	for _, f := range findings {
		switch f.Code {
		case "wrong-key":
			return "not run: the two ends do not share a key"
		case "peer-version-mismatch":
			return "not run: the two ends speak different versions"
		}
	}
	return ""
}

func (v *view) judge(c *evidence.Check) CheckVerdict {
	out := CheckVerdict{
		ID: c.ID, Kind: c.Kind, Transport: c.Transport, Direction: c.Direction,
		Optional: c.Optional, Control: c.Control, Severity: cmp.Or(c.Severity, scenarios.FailSeverity),
	}
	if c.Control == "" {
		out.Purpose = c.Purpose // a control is for the rules
	}
	switch {
	case c.Skipped != "":
		out.Verdict, out.Summary = Skipped, c.Skipped
	case c.Options != nil:
		v.judgeOptions(&out, c.Options)
	case c.CallFacts != nil:
		v.judgeCall(&out, v.newCall(c))
	case c.SweepFacts != nil:
		v.judgeSweep(&out, v.sweepOf(c))
	case c.Rewriting != nil:
		v.judgeRewriting(&out, c)
	case c.IdleFacts != nil && c.Idle != nil:
		v.judgeIdle(&out, c)
	case c.TLSFacts != nil:
		v.judgeTLS(&out, v.newTLSPort(c))
	case c.PortFacts != nil:
		v.judgePort(&out, v.portOf(c))
	case c.NATFacts != nil:
		v.judgeNAT(&out, v.natOf(c))
	case c.SizeFacts != nil && c.Size != nil:
		v.judgeSize(&out, v.newLadder(c))
	case c.LoadFacts != nil && c.Load != nil:
		v.judgeLoad(&out, newLoad(v.Evidence, c))
	case c.ServerFacts != nil && c.Server != nil:
		v.judgeServer(&out, c)
	case c.DSCPFacts != nil && c.DSCP != nil:
		v.judgeDSCP(&out, newMarking(c))
	default:
		out.Verdict, out.Summary = Inconclusive, "nothing was recorded"
	}
	return out
}
