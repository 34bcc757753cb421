package pairing

import (
	"errors"
	"fmt"

	"bothways/scenarios"
	"bothways/sipprobe"
)

// A LoadOrder is one step of holding many calls at once; exactly one of its parts is set.
type LoadOrder struct {
	// Begin has the responder answer the calls of a check that are inbound, or place
	// those that are outbound. Its record is fetched by the check's id.
	Begin *LoadBegin `json:"begin,omitempty"`
	// End takes no more calls of the check of that id: the record is ready once those
	// under way are over.
	End string `json:"end,omitempty"`
}

// LoadBegin says what the calls are.
type LoadBegin struct {
	Check scenarios.Check `json:"check"`
	// Port is the client's own port for calls over a new flow; 0 for calls over the flow
	// that the client opened, and for inbound ones.
	Port uint16 `json:"port,omitempty"`
}

// check bounds what an order may ask for.
func (o LoadOrder) check() error {
	switch {
	case (o.Begin == nil) == (o.End == ""):
		return errors.New("a load begins, or it ends")
	case o.Begin == nil:
		return nil
	case o.Begin.Check.Load == nil:
		return errors.New("not a load")
	case o.Begin.Check.Direction != scenarios.Inbound && o.Begin.Check.Direction != scenarios.Outbound:
		return fmt.Errorf("no direction %q", o.Begin.Check.Direction)
	}
	if _, err := sipprobe.ParseTransport(string(o.Begin.Check.Transport)); err != nil {
		return err
	}
	return scenarios.CheckLoad(*o.Begin.Check.Load)
}

// name is the id of the order's check.
func (o LoadOrder) name() string {
	if o.Begin != nil {
		return o.Begin.Check.ID
	}
	return o.End
}
