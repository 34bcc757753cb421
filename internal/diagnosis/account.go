package diagnosis

import (
	"fmt"
	"slices"
)

// An account is what one call adds to a finding.
type account struct {
	check string
	kind  string // accounts of one kind tell the same story
	long  string // the story, without the full stop
	short string // its numbers alone
}

// maxStories is how many calls may tell the same story in full.
const maxStories = 2

// tell adds what calls show, and names their checks.
func (f *Finding) tell(accounts ...account) {
	for _, a := range accounts {
		if !slices.Contains(f.Checks, a.check) {
			f.Checks = append(f.Checks, a.check)
		}
	}
	f.accounts = append(f.accounts, accounts...)
}

// concerns adds calls of which a finding tells no story of their own.
func (f *Finding) concerns(calls ...call) {
	for _, c := range calls {
		if !slices.Contains(f.Checks, c.check.ID) {
			f.Checks = append(f.Checks, c.check.ID)
		}
	}
}

// found is the finding, if any call or sentence carries it. Where many calls tell the
// same, the first does so in full and the others add their numbers.
func (f Finding) found() []Finding {
	f.Evidence = append(f.Evidence, condense(f.accounts)...)
	f.accounts = nil
	if len(f.Evidence) == 0 {
		return nil
	}
	return []Finding{f}
}

func condense(accounts []account) []string {
	var kinds, out []string
	groups := make(map[string][]account)
	for _, a := range accounts {
		if groups[a.kind] == nil {
			kinds = append(kinds, a.kind)
		}
		groups[a.kind] = append(groups[a.kind], a)
	}
	for _, k := range kinds {
		group := groups[k]
		full := len(group)
		if full > maxStories {
			full = 1
		}
		for _, a := range group[:full] {
			out = append(out, fmt.Sprintf("%s: %s.", a.check, a.long))
		}
		if rest := group[full:]; len(rest) > 0 {
			out = append(out, "Likewise "+list(shorts(rest))+".")
		}
	}
	return out
}

func shorts(accounts []account) []string {
	var out []string
	for _, a := range accounts {
		out = append(out, fmt.Sprintf("%s (%s)", a.check, a.short))
	}
	return out
}
