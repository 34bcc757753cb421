package lab

import "bothways/scenarios"

// sweepSample is how many ports of each range a sweep tries where a matrix is not about
// sweeps: some at either end, and some in the middle.
const sweepSample = 240

// whole marks the faults that are about sweeps: what is wrong with a few ports shows in
// no sample of them.
func whole(faults []Fault) []Fault {
	for i := range faults {
		if s := faults[i].Scenario; s == "ports" || s == "rtp-range" {
			faults[i].WholeSweeps = true
		}
	}
	return faults
}

// sweeps reports whether the fault's scenario sends as fast as the machine can.
func (f Fault) sweeps() bool {
	s, err := f.scenario()
	return err == nil && (f.WholeSweeps && s.Has(scenarios.SweepKind) || s.Has(scenarios.LoadKind))
}
