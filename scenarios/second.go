package scenarios

import (
	"fmt"
	"slices"
)

// mediaFrom reads which of a side's addresses media has.
func mediaFrom(side, word string) (MediaFrom, error) {
	const signalling = "signalling"
	from, err := oneOf[MediaFrom](side+".media_from", word, signalling, signalling, FromSecond)
	switch {
	case err != nil:
		return "", err
	case from == signalling:
		return "", nil
	case side == "responder":
		return "", fmt.Errorf("%s.media_from: the side inside has one address; client.media_from can be %q", side, FromSecond)
	}
	return from, nil
}

// FromSecond reports whether the client's media has an address of its own in the check.
func (c Check) FromSecond() bool { return c.Call != nil && c.Call.Client.MediaFrom == FromSecond }

// NeedsSecond reports whether the client needs a second address for the check, from the
// beginning or for a move.
func (c Check) NeedsSecond() bool {
	return c.FromSecond() || c.Call != nil && slices.ContainsFunc(c.Call.Moves, func(m Move) bool { return m.Media == SecondMedia })
}

// WithSecond adds, where the scenario makes calls, the calls of the scenario
// "media-address" that are not there already: for a client that has a second address.
func (s Scenario) WithSecond() (Scenario, error) {
	second, err := Named("media-address")
	if err != nil || !s.Has(CallKind) {
		return s, err
	}
	s.Checks = slices.Clone(s.Checks)
	for _, c := range second.Checks {
		if c.FromSecond() && !slices.ContainsFunc(s.Checks, func(have Check) bool { return have.ID == c.ID }) {
			s.Checks = append(s.Checks, c)
		}
	}
	return s, nil
}
