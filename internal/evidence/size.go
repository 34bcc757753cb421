package evidence

import (
	"bytes"

	"bothways/sipprobe"
)

// SizeFacts are what the sending end recorded of a size check. What arrived is on the
// other end's tape, under the token of each step.
type SizeFacts struct {
	// Flow says which path outbound messages took, as in [CallFacts]; empty for inbound ones.
	Flow string `json:"flow,omitempty"`
	// Rungs are the messages in the order in which they were sent; null where none could
	// be: then Missing says why. Missing may also say why there are no more.
	Rungs   []sipprobe.Rung `json:"rungs"`
	Missing string          `json:"missing,omitempty"`
	// Whole is the same over UDP in datagrams that no router may fragment; null over
	// TCP and TLS.
	Whole *WholeFacts `json:"whole,omitempty"`
	// MTU is the largest packet, IP header included, that the sending system believed to
	// fit the path when all was over (RFC 1191, RFC 8201); null where it does not tell.
	MTU *int `json:"mtu"`
	// LinkMTU is the MTU of the sender's own link; null where it does not tell.
	LinkMTU *int `json:"link_mtu"`
}

// WholeFacts are the steps of datagrams that must not be fragmented.
type WholeFacts struct {
	Rungs   []sipprobe.Rung `json:"rungs"`
	Missing string          `json:"missing,omitempty"`
}

// WholeToken marks the messages of a check that must not be fragmented.
func (r Run) WholeToken(check string) string { return r.Token(check) + "-whole" }

// Arrivals are the copies of one request that arrived.
type Arrivals struct {
	// Copies are those that are as long as they say themselves, Cut those that are not.
	Copies, Cut int
}

// Arrived counts the copies of a request on a ledger's tape; nil where there is no ledger,
// or where the tape is not whole and shows none.
func (l *Ledger) Arrived(token string, t sipprobe.Transport) *Arrivals {
	if l == nil {
		return nil
	}
	var a Arrivals
	for _, r := range l.Tape {
		switch {
		case r.Transport != t || r.Sent || bytes.HasPrefix(r.Data, []byte("SIP/2.0 ")) || !hasToken(r.Data, token):
		case sipprobe.IsCut(r.Data):
			a.Cut++
		default:
			a.Copies++
		}
	}
	if a == (Arrivals{}) && l.TapeDropped > 0 {
		return nil
	}
	return &a
}
