package evidence

import (
	"net/netip"

	"bothways/sipprobe"
)

// FromInside is a pairing that the responder opened outward, to a client that waited
// for it. It says nothing about what passes inwards: the attempts do that.
type FromInside struct {
	// Local and Remote are the two ends of the connection as the client saw them:
	// Remote is the site, after its NATs.
	Local  netip.AddrPort `json:"local"`
	Remote netip.AddrPort `json:"remote"`
	// Inside is the responder's own end of it, before any NAT, and Dialled where it
	// was told to find the client; both as the responder says.
	Inside  netip.AddrPort `json:"inside"`
	Dialled netip.AddrPort `json:"dialled"`
	// WaitedMs is how long the client waited for it, in milliseconds.
	WaitedMs int64 `json:"waited_ms"`
	// Redialled is how often the responder had to dial again in the run.
	Redialled int `json:"redialled"`
	// Exchange is the one that paired over the connection; null when it was not tried.
	Exchange *sipprobe.Exchange `json:"exchange"`
}

// InsideToken marks the message that pairs over a connection which the responder opened.
func (r Run) InsideToken() string { return r.ID + "-pair-inside" }
