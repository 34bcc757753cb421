package pairing

import (
	"errors"
	"net/netip"

	"bothways/internal/evidence"
)

// Presence is what a responder says to a client that it has dialled: from then on the
// client gives its orders over that connection. It is said again where the client has
// been silent.
type Presence struct {
	Program evidence.Program `json:"program"`
	// Instance tells one responder from another, and stays when it dials again.
	Instance string `json:"instance"`
	// Local is the responder's end of the connection, before any NAT; Dialled is the
	// client's, as the responder was told it.
	Local   netip.AddrPort `json:"local"`
	Dialled netip.AddrPort `json:"dialled"`
}

var errBadInstance = errors.New("bad instance")

// DecodePresence reads a presence, and refuses one that is out of bounds.
func DecodePresence(data []byte) (Presence, error) {
	var p Presence
	if err := decode(data, &p, maxOrder); err != nil {
		return Presence{}, err
	}
	if !runPattern.MatchString(p.Instance) {
		return Presence{}, errBadInstance
	}
	return p, nil
}
