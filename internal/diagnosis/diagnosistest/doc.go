// Package diagnosistest makes the evidence of runs that never took place, for tests
// of what judges evidence.
//
// A [Site] says what the network and the two ends do; [Site.Run] is the evidence that
// both programs would have recorded there.
package diagnosistest
