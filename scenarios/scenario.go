package scenarios

import "time"

// A Scenario is a list of checks with what is expected of each.
type Scenario struct {
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	// Source is where its terms come from, null when it does not say.
	Source *Reference `json:"source,omitempty"`
	// Extends is the scenario or file of which it is a difference, empty for none; what
	// that says is in the checks already.
	Extends string `json:"extends,omitempty"`
	// Variables are in the order in which they are declared.
	Variables []Variable `json:"variables,omitempty"`
	Checks    []Check    `json:"checks"`
}

// A Check is one thing tested, over one transport and in one direction.
type Check struct {
	// ID is unique in the scenario; a check over several transports becomes one
	// check each, with "-udp", "-tcp" or "-tls" at the end.
	ID        string    `json:"id"`
	Kind      Kind      `json:"kind"`
	Direction Direction `json:"direction"`
	Transport Transport `json:"transport"`
	// Optional checks never fail a run.
	Optional bool `json:"optional,omitempty"`
	// Purpose is a sentence for people that says what the check is for, empty when it
	// was not given.
	Purpose string `json:"purpose,omitempty"`
	// Severity is what the run is when the check fails; empty is Fail.
	Severity Severity `json:"severity,omitempty"`
	// Call is set for checks of kind "call" and for no others.
	Call *Call `json:"call,omitempty"`
	// Sweep is set for checks of kind "sweep" and for no others.
	Sweep *Sweep `json:"sweep,omitempty"`
	// Idle is set for checks of kinds "binding" and "idle" and for no others.
	Idle *Idle `json:"idle,omitempty"`
	// TLS is set for checks of kind "tls" and for no others.
	TLS *TLS `json:"tls,omitempty"`
	// Port is set for checks of kind "port" and for no others.
	Port *Port `json:"port,omitempty"`
	// Size is set for checks of kind "size" and for no others.
	Size *Size `json:"size,omitempty"`
	// DSCP is set for checks of kind "dscp" and for no others.
	DSCP *DSCP `json:"dscp,omitempty"`
	// Load is set for checks of kind "load" and for no others.
	Load *LoadTest `json:"load,omitempty"`
	// Server is set for checks of kinds "server" and "provider" and for no others.
	Server *Server `json:"server,omitempty"`
}

// A Kind says what a check does.
type Kind string

// The kinds of checks.
const (
	// Options asks the other end by OPTIONS and measures the round trip.
	Options Kind = "options"
	// CallKind places a call and streams audio both ways.
	CallKind Kind = "call"
	// SweepKind tries every UDP port of a range, with RTP and RTCP packets.
	SweepKind Kind = "sweep"
	// RewritingKind shows the path SIP requests in the forms that middleboxes react to,
	// over UDP once more between two ports that are not SIP's.
	RewritingKind Kind = "rewriting"
	// BindingKind finds out how long the site's NAT remembers an idle UDP binding.
	BindingKind Kind = "binding"
	// IdleKind finds out how long an idle TCP or TLS connection lives.
	IdleKind Kind = "idle"
	// TLSKind asks a TLS port for its versions and its certificates.
	TLSKind Kind = "tls"
	// PortKind knocks at one TCP or UDP port, behind which the other end listens.
	PortKind Kind = "port"
	// NATKind measures a NAT: outbound the site's, inbound the client's own.
	NATKind Kind = "nat"
	// SizeKind sends SIP messages of rising size.
	SizeKind Kind = "size"
	// DSCPKind sends RTP packets with different marks for their priority.
	DSCPKind Kind = "dscp"
	// ServerKind asks one of somebody else's servers, in the protocol that it speaks.
	ServerKind Kind = "server"
	// ProviderKind asks somebody else's SIP server by OPTIONS.
	ProviderKind Kind = "provider"
)

// Kinds are all kinds of checks.
func Kinds() []Kind {
	return []Kind{Options, CallKind, SweepKind, RewritingKind, BindingKind, IdleKind, TLSKind, PortKind, NATKind, SizeKind, DSCPKind, ServerKind, ProviderKind}
}

// A Direction is seen from the site, as in vendors' port tables.
type Direction string

// The directions: inbound is client → site, outbound is site → client.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// A Transport is "udp", "tcp" or "tls".
type Transport string

// A Call says how a call is made, and how each side of it behaves.
type Call struct {
	// TalkMs is how long each side sends audio, in milliseconds.
	TalkMs int `json:"talk_ms"`
	// PauseMs is how long both sides fall silent halfway through, without a packet, as
	// a held call or one with silence suppression; 0 is no pause.
	PauseMs int `json:"pause_ms,omitempty"`
	// Codec is "pcmu", "pcma", "g722" or "opus" (RFC 3551, RFC 7587). The last two are
	// carried, and not listened to.
	Codec string `json:"codec"`
	// SRTP encrypts media, with keys in the SDP (SDES, RFC 4568). Over TLS only.
	SRTP bool `json:"srtp,omitempty"`
	// MaxFirstPacketMs is how long after the answer the first packet of each direction
	// may arrive, in milliseconds; 0 is no limit.
	MaxFirstPacketMs int `json:"max_first_packet_ms,omitempty"`
	// Expect says which way audio is known to go; empty is both ways, with nothing known.
	Expect Expect `json:"expect,omitempty"`
	// Responder and Client say what the side inside and the side outside do.
	Responder Behaviour `json:"responder"`
	Client    Behaviour `json:"client"`
	// MaxLossPercent is the loss per direction above which audio is poor.
	MaxLossPercent float64 `json:"max_loss_percent"`
	// MinMOS is the estimated mean opinion score (ITU-T G.107) per direction below which
	// audio is poor, 1 to 4.4; 0 is no limit.
	MinMOS float64 `json:"min_mos"`
	// MaxJitterMs is the interarrival jitter (RFC 3550) and MaxDelayMs the one-way delay
	// per direction above which audio is poor, MaxLossRunPackets the packets in a row that
	// may be lost; 0 is no limit.
	MaxJitterMs       float64 `json:"max_jitter_ms,omitempty"`
	MaxDelayMs        float64 `json:"max_delay_ms,omitempty"`
	MaxLossRunPackets int64   `json:"max_loss_run_packets,omitempty"`
	// Setup and SessionTimer say how the call is set up, and what keeps it up.
	Setup        Setup        `json:"setup,omitzero"`
	SessionTimer SessionTimer `json:"session_timer,omitzero"`
	// Moves are what the sides do in the middle of the call, in order.
	Moves []Move `json:"moves,omitempty"`
	// Hangup is the side that hangs up; empty is the one that called.
	Hangup Side `json:"hangup,omitempty"`
}

// An Expect says which way the audio of a call goes by design, on a path without fault:
// a scenario that shows what cannot work says so, and then it passes when that does not
// work and everything else does. A call that went as expected accuses nobody: that holds for
// BothWays too, for a mistake that the other side makes good. Empty is both ways as well, but
// then what is seen of a mistake is told.
type Expect string

// The expectations.
const (
	BothWays     Expect = "both-ways"
	InboundOnly  Expect = "inbound-only"
	OutboundOnly Expect = "outbound-only"
	NoAudio      Expect = "no-audio"
)

// A Sweep says which ports are tried, and at what pace. Inbound they are the
// responder's, tried before it has sent anything from them; outbound the client's.
type Sweep struct {
	// Ports are ranges joined by commas, such as "10000-20000".
	Ports string `json:"ports"`
	// RatePPS is the pace at the start in probes a second, from which it rises while
	// nothing is lost and falls when something is; 0 fits an uplink of 2 Mbit/s.
	RatePPS int `json:"rate_pps,omitempty"`
	// ProbeBytes is the UDP payload of a probe; 0 is that of a G.711 packet or less.
	ProbeBytes int `json:"probe_bytes,omitempty"`
}

// Pause is PauseMs as a duration.
func (c Call) Pause() time.Duration { return time.Duration(c.PauseMs) * time.Millisecond }

// Length is how long the call lasts once audio flows: talk and pause.
func (c Call) Length() time.Duration { return c.Talk() + c.Pause() }

// Talk is TalkMs as a duration.
func (c Call) Talk() time.Duration { return time.Duration(c.TalkMs) * time.Millisecond }

// Limits and defaults of calls.
const (
	DefaultTalk           = 5 * time.Second
	MaxTalk               = 10 * time.Minute
	DefaultMaxLossPercent = 3.0
	// DefaultMinMOS is where many users are dissatisfied (ITU-T G.109: R of 70).
	DefaultMinMOS = 3.6
)
