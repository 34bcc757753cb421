package sipprobe

import (
	"net/netip"

	"github.com/pion/sdp/v3"
)

// A Way is the direction of a stream as its sender sees it (RFC 3264 section 5.1).
type Way string

// The ways.
const (
	SendRecv Way = "sendrecv"
	SendOnly Way = "sendonly"
	RecvOnly Way = "recvonly"
	Inactive Way = "inactive"
)

// Sends reports whether the one who says so means to send; empty is sendrecv.
func (w Way) Sends() bool { return w != RecvOnly && w != Inactive }

// Hears reports whether the one who says so wants to receive; empty is sendrecv.
func (w Way) Hears() bool { return w != SendOnly && w != Inactive }

// Answer is the way that answers an offer, by one who would do both (RFC 3264 section 6.1).
func (w Way) Answer() Way { return WayOf(w.Hears(), w.Sends()) }

// WayOf is the way of one who sends, hears, or both.
func WayOf(sends, hears bool) Way {
	switch {
	case sends && hears:
		return SendRecv
	case sends:
		return SendOnly
	case hears:
		return RecvOnly
	}
	return Inactive
}

// Wanted reports whether the one who described the stream can be sent to: he wants to
// receive, and at an address. 0.0.0.0 is how calls were put on hold before there were
// ways (RFC 2543 appendix B.5, RFC 3264 section 8.4), and port 0 refuses the stream.
func (m Media) Wanted() bool {
	return m.Way.Hears() && m.Address.IsValid() && !m.Address.Addr().IsUnspecified() && m.Address.Port() != 0
}

// wayOf reads the direction of a stream: its own, or that of the session.
func wayOf(s sdp.SessionDescription, d *sdp.MediaDescription) Way {
	for _, w := range []Way{SendRecv, SendOnly, RecvOnly, Inactive} {
		if _, ok := d.Attribute(string(w)); ok && w == SendRecv {
			return ""
		} else if ok {
			return w
		}
	}
	for _, w := range []Way{SendOnly, RecvOnly, Inactive} {
		if _, ok := s.Attribute(string(w)); ok {
			return w
		}
	}
	return ""
}

func (m Media) origin() netip.Addr {
	if m.Origin.IsValid() {
		return m.Origin.Unmap().WithZone("")
	}
	return m.Address.Addr().Unmap().WithZone("")
}

func family(a netip.Addr) string {
	if a.Is6() {
		return "IP6"
	}
	return "IP4"
}
