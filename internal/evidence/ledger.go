package evidence

import (
	"net/netip"

	"bothways/internal/resolve"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// A Ledger is what one end recorded beside the checks.
type Ledger struct {
	Program Program `json:"program"`
	// Addresses are the addresses of the end's interfaces.
	Addresses []netip.Addr `json:"addresses"`
	// PublicAddress is what the end advertises; invalid when it is not told.
	PublicAddress netip.Addr `json:"public_address"`
	// Sockets are those that the end listened on for SIP, or could not.
	Sockets []Socket `json:"sockets"`
	// RTP is the range of the end's media ports; "0" when any free port would do.
	RTP rtpprobe.PortRange `json:"rtp"`
	// RouterWAN is the address of the site's router on its WAN side, as the user of this
	// end gave it; invalid when none was given.
	RouterWAN netip.Addr `json:"router_wan,omitzero"`
	// Gateway is what the end's own router said when it was asked; null when it was not.
	Gateway *Gateway `json:"gateway,omitempty"`
	// Capture is what reached the end's machine before its own firewall; null at ends
	// that do not count it.
	Capture *Capture `json:"capture,omitempty"`
	// Container is what shows that the end's machine is a container; null at ends that do
	// not look, and on systems other than Linux.
	Container *Container `json:"container,omitempty"`
	// Resolution is where the name that the client dialled leads to from this end; null
	// where it was not asked, or not answered in time.
	Resolution *resolve.Resolution `json:"resolution,omitempty"`
	// Faults are local troubles, which are never the network's.
	Faults []string `json:"faults,omitempty"`
	// Tape holds every message of the run. TapeDropped is how many messages, of whomever,
	// the tape had no room for since the run began.
	Tape        []sipprobe.Record `json:"tape"`
	TapeDropped int               `json:"tape_dropped"`
}

// A Socket is one that an end wanted to listen on.
type Socket struct {
	Transport sipprobe.Transport `json:"transport"`
	Address   netip.AddrPort     `json:"address"`
	Error     string             `json:"error,omitempty"`
	// Presented is null for sockets that do not speak TLS.
	Presented *Presented `json:"presented,omitempty"`
}

// Listening reports whether the ledger's end listened for SIP over the transport;
// false when there is no ledger.
func (l *Ledger) Listening(t sipprobe.Transport) bool {
	if l == nil {
		return false
	}
	for _, s := range l.Sockets {
		if s.Transport == t && s.Error == "" {
			return true
		}
	}
	return false
}
