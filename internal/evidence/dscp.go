package evidence

import "bothways/rtpprobe"

// DSCPFacts are what both ends recorded of packets with different marks.
type DSCPFacts struct {
	// Sent is the ledger of the end that sent (inbound: the client), Arrived that of the
	// other. Either is null when it could not be had: then Missing says why.
	Sent    *rtpprobe.MarksSent    `json:"sent"`
	Arrived *rtpprobe.MarksArrived `json:"arrived"`
	Missing string                 `json:"missing,omitempty"`
}
