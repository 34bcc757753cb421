package evidence

import (
	"bothways/internal/knock"
	"bothways/internal/service"
)

// PortFacts are what both ends recorded of one port that was knocked at.
type PortFacts struct {
	// Knocked is the ledger of the end that knocked (inbound: the client); null when it
	// did not, since the bell did not hang, or when the ledger could not be had.
	Knocked *knock.Knocked `json:"knocked"`
	// Heard is the ledger of the bell at the other end. Its arrivals are the knocks that
	// were meant for this port, on whichever port they arrived. Null when it could not
	// be had: then Missing says why.
	Heard   *knock.Heard `json:"heard"`
	Missing string       `json:"missing,omitempty"`
	// Outside is what the service of a port that another program holds said to the
	// client, in the port's own protocol; Inside what it said to the responder, which
	// asked its own machine the same. Null when nobody asked.
	Outside *service.Said `json:"outside,omitempty"`
	Inside  *service.Said `json:"inside,omitempty"`
}
