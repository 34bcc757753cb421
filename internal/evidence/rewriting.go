package evidence

import "bothways/sipprobe"

// RewritingFacts say what was shown to the path in one direction over one transport.
// What arrived of it is on the other end's tape, under the token of each form.
type RewritingFacts struct {
	// Flow says which path outbound forms took, as in [CallFacts]; empty for inbound ones.
	Flow string `json:"flow,omitempty"`
	// Shown are the forms that went to the SIP port, in the order of [sipprobe.Forms];
	// null where they could not be shown: then Missing says why.
	Shown   []sipprobe.Shown `json:"shown"`
	Missing string           `json:"missing,omitempty"`
	// Aside are the same forms between two ports that are not SIP's, over UDP only;
	// null where that was not done: then AsideMissing says why.
	Aside        []sipprobe.Shown `json:"aside"`
	AsideMissing string           `json:"aside_missing,omitempty"`
}

// AsideToken marks the forms of a check that go between other ports than SIP's.
func (r Run) AsideToken(check string) string { return r.Token(check) + "-aside" }
