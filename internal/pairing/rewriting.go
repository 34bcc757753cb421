package pairing

import (
	"time"

	"bothways/sipprobe"
)

// ShowTime is how long showing all forms may take; no keep-alive passes meanwhile.
const ShowTime = 5 * time.Second

// Show asks the responder for all forms of SIP requests, towards the address that the
// client was seen at, never another.
type Show struct {
	// Token marks the forms, each with its name at the end.
	Token     string             `json:"token"`
	Transport sipprobe.Transport `json:"transport"`
	// Port is the client's own port for a new flow; 0 shows them over the flow that the
	// client opened.
	Port uint16 `json:"port"`
	// Aside sends from the port that an Aside order has opened.
	Aside bool `json:"aside,omitempty"`
}
