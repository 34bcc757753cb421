// Package diagnosis says what the evidence of a run proves.
//
// [Diagnose] is a pure function: the same evidence gives the same verdicts and
// findings on any machine, a year later as well. It holds four rules. A cause is
// named only from what both ends recorded. Before a middlebox is accused, something
// that it cannot have touched was seen to pass. What could not be decided is listed
// and never counts as a pass. Local trouble is called local, and nothing else is
// blamed for what it explains.
//
// The catalogue of findings is data, one file per language; a [Rule] is the function
// that proves one entry of it. An entry without a rule is not decided by this version.
// Remedies by vendor are data too, one file per [Router]; which router a site has is an
// input of the run, and no evidence for anything.
package diagnosis
