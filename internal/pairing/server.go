package pairing

import (
	"errors"

	"bothways/scenarios"
)

// Server asks the responder to ask somebody else's server. It is carried out only where
// the responder's operator has allowed it; the record is filed under the check.
type Server struct {
	Check scenarios.Check `json:"check"`
}

// CheckBounds says what is wrong with the order, nil when nothing is.
func (o Server) CheckBounds() error {
	if o.Check.ID == "" {
		return errors.New("a check without an id")
	}
	return scenarios.CheckServer(o.Check)
}
