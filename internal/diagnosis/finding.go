package diagnosis

import (
	"slices"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// A Role says whether a finding is what people complain about or what they must change.
type Role string

// The roles.
const (
	Symptom Role = "symptom"
	Cause   Role = "cause"
)

// A Confidence says how firmly the evidence carries a finding.
type Confidence string

// The confidences: what is likely has another explanation, which its remedy names.
const (
	Proven Confidence = "proven"
	Likely Confidence = "likely"
)

// A Finding is a symptom or a cause, with what proves it.
type Finding struct {
	// Code is the finding's key in the catalogue.
	Code string
	Role Role
	// Title is one line for a person.
	Title string
	// Direction is the direction concerned, empty when it has none.
	Direction  scenarios.Direction
	Confidence Confidence
	// Evidence holds sentences with the numbers and addresses of this run.
	Evidence []string
	// Remedy holds the steps to take, in order; for a symptom that causes explain, to mend them.
	Remedy []string
	// Vendor is the remedy on the router that the run names; nil when it names none, or
	// nothing is known of this finding there.
	Vendor *VendorRemedy
	// Routers are the names of those that have a remedy for this, where the run names none.
	Routers []string
	// Checks are the IDs of the checks concerned.
	Checks []string
	// ExplainedBy are the causes that explain a symptom, the most upstream first; nil for
	// causes.
	ExplainedBy []Reason
	// Consequences are causes that this one explains in full, so that they are not listed
	// beside it; nil for symptoms.
	Consequences []Consequence
	// Changes are the groups of changed fields that some of the Evidence tells in
	// sentences, for those who draw them; nil for most findings.
	Changes []ChangeGroup

	values   values // what the catalogue's placeholders stand for
	accounts []account
	// transports are those that it is about beside those of its checks.
	transports []sipprobe.Transport
}

// names reports whether the finding, or a consequence of it, has the code.
func (f Finding) names(code string) bool {
	return f.Code == code || slices.ContainsFunc(f.Consequences, func(c Consequence) bool { return c.Code == code })
}

// A NotTested is a cause that the run could not decide.
type NotTested struct {
	Code string
	// Needs says what would let a run decide it.
	Needs string
}
