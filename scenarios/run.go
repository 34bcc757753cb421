package scenarios

import "context"

// A Probe carries out one check and returns what it saw, in whatever form it likes;
// silence is something that was seen. An error means that the check could not be run.
type Probe func(ctx context.Context, c Check) (any, error)

// An Outcome is what became of one check.
type Outcome struct {
	Check Check
	// Saw is what the probe returned, null when it was not run or could not be.
	Saw any
	// Err says why the check could not be run, null when it was.
	Err error
	// Skipped says why the check was not tried, empty when it was. It is no pass.
	Skipped string
}

// Run carries out the checks of a scenario one after the other, each by the probe for
// its kind, and returns an outcome for every check. A kind without a probe is skipped,
// and so is what is left when the context ends.
//
// This package opens no sockets and knows no verdicts: the probes are the caller's, made
// of sipprobe, rtpprobe or anything else, and so are the opinions about what they saw.
// For both ends, the diagnosis and the report there is the command bothways.
func (s Scenario) Run(ctx context.Context, probes map[Kind]Probe) []Outcome {
	out := make([]Outcome, 0, len(s.Checks))
	for _, c := range s.Checks {
		o := Outcome{Check: c}
		switch probe := probes[c.Kind]; {
		case ctx.Err() != nil:
			o.Skipped = context.Cause(ctx).Error()
		case probe == nil:
			o.Skipped = "no probe for checks of kind " + string(c.Kind)
		default:
			o.Saw, o.Err = probe(ctx, c)
		}
		out = append(out, o)
	}
	return out
}
