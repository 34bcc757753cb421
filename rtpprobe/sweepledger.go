package rtpprobe

import (
	"net/netip"
)

// SweepSent is the ledger of the end that sent the requests of a sweep. Times are milliseconds since it
// started; what is unknown is nil (JSON null), never 0. It survives JSON unchanged.
type SweepSent struct {
	ID        uint32         `json:"id"`
	Direction SweepDirection `json:"direction"`
	Remote    netip.Addr     `json:"remote"`
	// Ports were to be tried.
	Ports PortSet `json:"ports"`
	// Locals are the ports of the local sockets (see Local).
	Locals     []uint16 `json:"locals"`
	ProbeBytes int      `json:"probe_bytes"`
	// Rounds are in order, those of one window after those of another.
	Rounds []SentRound `json:"rounds"`
	// Packets are requests that the kernel took, controls included, and Echoes the valid answers to them.
	Packets int64 `json:"packets"`
	Echoes  int64 `json:"echoes"`
	// EchoesElsewhere came from another address or port than the request had gone to.
	EchoesElsewhere int64 `json:"echoes_elsewhere"`
	// Shifted are ports whose requests arrived on another, by how far off, as the echoes say.
	Shifted []PortShift `json:"shifted,omitempty"`
	// Sources are the local ports and what they were seen as at the far end, as the echoes say.
	Sources SourceLedger `json:"sources"`
	// ICMP is what routers and the target said, nil where the system does not tell.
	ICMP []ICMPReport `json:"icmp"`
	// LossAt is what became, at each pace, of probes to ports that are known to answer, slowest pace first. Where
	// there were one or two Interruptions, what they lost is left out.
	LossAt []RateLoss `json:"loss_at"`
	// Interruptions are the moments in which nothing came through, while before and after it did; the first 16 at most.
	Interruptions []Interruption `json:"interruptions,omitempty"`
	// Errors counts requests that the kernel did not take, by kind; Unsent are the ports of such requests.
	Errors []ErrorCount `json:"errors,omitempty"`
	Unsent PortSet      `json:"unsent,omitzero"`
	// SendWaits counts how often a buffer of this machine was full.
	SendWaits int64 `json:"send_waits"`
	// LocalDrops counts echoes that this machine lost for want of room, nil where it does not tell.
	LocalDrops *int64 `json:"local_drops"`
	// RoundTripMS is the shortest round trip and MaxRoundTripMS the longest, nil when there was none. A link
	// that is full makes packets wait before it loses any; a policer does not.
	RoundTripMS    *float64 `json:"round_trip_ms"`
	MaxRoundTripMS *float64 `json:"max_round_trip_ms"`
	DurationMS     float64  `json:"duration_ms"`
	// LastEchoMS is when the last echo came, nil when none did.
	LastEchoMS *float64 `json:"last_echo_ms"`
	// StoppedMS is the instant after which nothing came any more although it had before, nil when that did not happen.
	StoppedMS *float64 `json:"stopped_ms"`
	// End says why the sweep ended.
	End SweepEnd `json:"end"`
}

// A SweepEnd is why a sweep ended.
type SweepEnd string

const (
	// SweepComplete: every port answered.
	SweepComplete SweepEnd = "complete"
	// SweepDecided: random loss cannot explain what is missing.
	SweepDecided SweepEnd = "decided"
	// SweepSilent: nothing ever answered.
	SweepSilent SweepEnd = "silent"
	// SweepExhausted: the rounds were used up.
	SweepExhausted SweepEnd = "exhausted"
	// SweepFull: no new flow got through any more, while those that were there did.
	SweepFull SweepEnd = "full"
	// SweepStopped: everything stopped at one instant.
	SweepStopped SweepEnd = "stopped"
	// SweepCancelled: the caller ended it.
	SweepCancelled SweepEnd = "cancelled"
)

// A SentRound is one round of attempts: each port at most once, in random order.
type SentRound struct {
	Window uint8 `json:"window"`
	Round  uint8 `json:"round"`
	// Ports were tried. Those after which everything stopped are left out.
	Ports PortSet `json:"ports"`
	// Echoed are those whose echo of this attempt came.
	Echoed PortSet `json:"echoed"`
	// Locals are the local ports that it went out from, nil when these were all of the sweep's.
	Locals []uint16 `json:"locals,omitempty"`
	// Controls went to ports that had answered already, ControlsEchoed came back. Those are left out that went
	// out from a local port to which nothing came back.
	Controls       int64 `json:"controls"`
	ControlsEchoed int64 `json:"controls_echoed"`
	// StartMS and DurationMS are of the sending.
	StartMS    float64 `json:"start_ms"`
	DurationMS float64 `json:"duration_ms"`
	// MinPPS and MaxPPS are the slowest and the fastest pace, in requests a second.
	MinPPS float64 `json:"min_pps"`
	MaxPPS float64 `json:"max_pps"`
}

// Local is the port that the request for a port was sent from, in a round; 0 when there were no sockets.
func (s *SweepSent) Local(port uint16, round uint8) uint16 {
	for i := range s.Rounds {
		if r := &s.Rounds[i]; r.Round == round && r.Ports.Contains(port) {
			return s.localIn(r, port)
		}
	}
	return s.localIn(&SentRound{Round: round}, port)
}

// localIn is the port that the request for a port was sent from in one of the ledger's rounds.
func (s *SweepSent) localIn(r *SentRound, port uint16) uint16 {
	locals := s.localsIn(r)
	if len(locals) == 0 {
		return 0
	}
	return locals[localIndex(port, r.Round, len(locals))]
}

// localsIn are the local ports that a round was sent from.
func (s *SweepSent) localsIn(r *SentRound) []uint16 {
	if len(r.Locals) > 0 {
		return r.Locals
	}
	return s.Locals
}

// localIndex deals the ports to the local sockets, to another one in each round, and so that the parity
// of a port has nothing to do with that of its socket.
func localIndex(port uint16, round uint8, locals int) int {
	return int((uint32(port)*2654435761>>16 + uint32(round)) % uint32(locals))
}

// A PortShift is a set of ports whose packets arrived on the port that much higher (negative: lower).
type PortShift struct {
	By    int     `json:"by"`
	Ports PortSet `json:"ports"`
}

// An Interruption lasted from a request that was answered to the next one that was, by the times of their sending: at
// least 50 ms, in which at least 20 probes were lost to ports that answered at another time.
type Interruption struct {
	StartMS    float64 `json:"start_ms"`
	DurationMS float64 `json:"duration_ms"`
	Lost       int     `json:"lost"`
}

// A RateLoss is what became of probes that were sent at a pace to ports that are known to answer.
type RateLoss struct {
	RatePPS float64 `json:"rate_pps"`
	Sent    int64   `json:"sent"`
	Lost    int64   `json:"lost"`
	// After is what came after the first loss; nil without any, and in ledgers of older versions.
	After *AfterLoss `json:"after,omitempty"`
}

// AfterLoss is what became of probes for control after a pace had first lost any: SlowerSent went out at three quarters of it or
// less, and then AgainSent at that pace or a faster one. Of a limit nothing is felt when the pace is slower, and as much as
// before when it comes back.
type AfterLoss struct {
	SlowerSent int64 `json:"slower_sent"`
	SlowerLost int64 `json:"slower_lost"`
	AgainSent  int64 `json:"again_sent"`
	AgainLost  int64 `json:"again_lost"`
}

// An ICMPReport is what one sender said of some ports (RFC 792, RFC 4443): evidence, which anybody could forge.
type ICMPReport struct {
	// From is who said it; FromTarget that it was the address that the probes went to.
	From       netip.Addr `json:"from"`
	FromTarget bool       `json:"from_target"`
	// Type and Code are those of ICMP, or with V6 those of ICMPv6.
	V6   bool  `json:"v6,omitempty"`
	Type uint8 `json:"type"`
	Code uint8 `json:"code"`
	// Meaning is "port-unreachable", "host-unreachable", "network-unreachable", "administratively-prohibited",
	// "protocol-unreachable", "time-exceeded" or "other".
	Meaning string  `json:"meaning"`
	Ports   PortSet `json:"ports"`
}

// SweepArrived is the ledger of the end that received the requests of a sweep.
type SweepArrived struct {
	ID        uint32         `json:"id"`
	Direction SweepDirection `json:"direction"`
	Address   netip.Addr     `json:"address"`
	// Listened were open. InUse were held by something else on this machine, NotPermitted needed rights that
	// this program lacks, and for NoFiles there was no file descriptor or memory left.
	Listened     PortSet `json:"listened"`
	InUse        PortSet `json:"in_use,omitzero"`
	NotPermitted PortSet `json:"not_permitted,omitzero"`
	NoFiles      PortSet `json:"no_files,omitzero"`
	// Rounds are in order, those of one window after those of another.
	Rounds []ArrivedRound `json:"rounds"`
	// Packets are valid requests, controls and duplicates included; Foreign is anything else that arrived.
	Packets int64 `json:"packets"`
	Foreign int64 `json:"foreign"`
	// Echoes were sent; Refused were not, since the source was not allowed to be answered.
	Echoes  int64 `json:"echoes"`
	Refused int64 `json:"refused"`
	// Errors counts echoes that the kernel did not take, by kind; Unanswered are the ports, as intended, for
	// which an echo was not taken or refused.
	Errors     []ErrorCount `json:"errors,omitempty"`
	Unanswered PortSet      `json:"unanswered,omitzero"`
	// Shifted are ports whose requests arrived on another, by how far off.
	Shifted []PortShift `json:"shifted,omitempty"`
	// Sources are the local ports of the sender and what they were seen as here.
	Sources SourceLedger `json:"sources"`
	// LocalDrops counts packets that this machine lost for want of room, and DroppedOn are the ports; nil
	// where it does not tell.
	LocalDrops *int64  `json:"local_drops"`
	DroppedOn  PortSet `json:"dropped_on,omitzero"`
	// FirstMS and LastMS are of valid requests, in milliseconds since the first window was opened; nil when none came.
	FirstMS *float64 `json:"first_ms"`
	LastMS  *float64 `json:"last_ms"`
}

// An ArrivedRound is what arrived of one round of attempts.
type ArrivedRound struct {
	Window uint8 `json:"window"`
	Round  uint8 `json:"round"`
	// Ports are those that the requests were meant for, wherever they arrived.
	Ports PortSet `json:"ports"`
	// Controls arrived, each counted once for each time that it did.
	Controls int64 `json:"controls"`
}
