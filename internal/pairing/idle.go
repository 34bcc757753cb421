package pairing

import (
	"fmt"

	"bothways/scenarios"
)

// Idle asks the responder for its part of a check of idle times, towards the address
// that the client was seen at. Its record is fetched by the check's id.
type Idle struct {
	Check scenarios.Check `json:"check"`
	// Number tells the packets of this check from those of others.
	Number uint32 `json:"number"`
	// Ports are the client's: for bindings one for each step, for connections its own
	// SIP port.
	Ports []uint16 `json:"ports"`
}

// Bounded says what is wrong with the order, nil when it may be carried out.
func (i Idle) Bounded() error {
	if i.Check.Idle == nil {
		return fmt.Errorf("check %q is not about idle times", i.Check.ID)
	}
	if err := scenarios.CheckIdle(*i.Check.Idle); err != nil {
		return err
	}
	want := 1
	if i.Check.Kind == scenarios.BindingKind {
		want = len(i.Check.Idle.StepsMs)
	}
	if len(i.Ports) != want {
		return fmt.Errorf("%d ports, want %d", len(i.Ports), want)
	}
	return nil
}
