package rtpprobe

// A SweepVerdict says of each port what became of it, and holds the facts that a cause is found by. The
// sets do not overlap; together they are the ports that were tried, or were to be.
type SweepVerdict struct {
	// Open: the request arrived on its port, and the echo came back.
	Open PortSet `json:"open"`
	// RequestLost: no request arrived, and random loss cannot explain it.
	RequestLost PortSet `json:"request_lost"`
	// ReplyLost: requests arrived and were echoed, no echo came back, and random loss cannot explain it.
	ReplyLost PortSet `json:"reply_lost"`
	// WrongPort: requests arrived, on another port.
	WrongPort PortSet `json:"wrong_port"`
	// InUse: something else on the receiving machine holds the port.
	InUse PortSet `json:"in_use"`
	// Inconclusive is everything else: ports that could not be opened, echoes that were not sent, too few attempts.
	Inconclusive PortSet `json:"inconclusive"`
	// NotListened are those of them that the receiving end had not open.
	NotListened PortSet `json:"not_listened"`

	// Shift is by how much the ports are off, nil unless all of WrongPort have the same.
	Shift *int `json:"shift"`
	// LostParity is "odd" or "even" when the request-lost ports are nearly all those of one parity, else "".
	LostParity string `json:"lost_parity"`
	// Moved counts ports that were lost in one round and arrived in a later one: random loss and policers
	// move, a filter's gaps stay. Attempts is the least number of attempts for a request-lost port.
	Moved    int `json:"moved"`
	Attempts int `json:"attempts"`

	// SilentSources are local ports of the sender from which nothing arrived, although others reached the same
	// ports and random loss cannot explain it: a filter on the source port.
	SilentSources PortSet `json:"silent_sources"`
	// SourcePorts says what became of the sender's source ports on the way.
	SourcePorts SourcePorts `json:"source_ports"`
	// SourceAddresses counts the source addresses that requests came from.
	SourceAddresses int `json:"source_addresses"`

	// Rounds is the loss of each round, among ports that are known to be reached.
	Rounds []RoundLoss `json:"rounds"`
	// RateLimited says that the loss went away with the pace: PassedPPS is the fastest pace without it and
	// LimitedPPS the slowest with it, nil otherwise.
	RateLimited bool     `json:"rate_limited"`
	PassedPPS   *float64 `json:"passed_pps"`
	LimitedPPS  *float64 `json:"limited_pps"`
	// NewFlowsOnly says that flows that were there lost nothing of it: not packets are limited, but new flows.
	NewFlowsOnly bool `json:"new_flows_only,omitempty"`
	// StoppedMS is the instant at which everything stopped, by the sender's clock; nil if nothing of that kind happened.
	StoppedMS *float64 `json:"stopped_ms"`
	// LocalFault says that an end lost packets itself, or could not send: their ports are not accused.
	LocalFault bool `json:"local_fault"`
}

// SourcePorts is what a NAT does to source ports (RFC 4787 sections 4.1 and 4.2).
type SourcePorts string

const (
	// SourcePortsUnknown: nothing arrived.
	SourcePortsUnknown SourcePorts = ""
	// SourcePortsPreserved: every request arrived from the local port that it was sent from.
	SourcePortsPreserved SourcePorts = "preserved"
	// SourcePortsRewritten: a local port arrived as another, the same one whatever port the request went to.
	SourcePortsRewritten SourcePorts = "rewritten"
	// SourcePortsRandomised: a local port arrived as several.
	SourcePortsRandomised SourcePorts = "randomised"
)

// A RoundLoss is what a round lost among the ports that are known to be reached.
type RoundLoss struct {
	Window uint8 `json:"window"`
	Round  uint8 `json:"round"`
	// RequestsLost of Requests did not arrive, RepliesLost of Replies did not come back.
	Requests     int64 `json:"requests"`
	RequestsLost int64 `json:"requests_lost"`
	Replies      int64 `json:"replies"`
	RepliesLost  int64 `json:"replies_lost"`
	// MinPPS and MaxPPS are the pace.
	MinPPS float64 `json:"min_pps"`
	MaxPPS float64 `json:"max_pps"`
}
