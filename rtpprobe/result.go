package rtpprobe

import (
	"net/netip"
	"time"
)

// A Result holds what one end saw of a stream: facts, no judgement. Times are milliseconds since Open,
// bytes are those of UDP payloads (RTP header included), addresses are never IPv4-mapped, and what is
// unknown is nil (JSON null), never 0. A Result survives JSON unchanged.
type Result struct {
	// Opened is when the stream began to receive, by this end's clock, and OpenMS how
	// long it did so.
	Opened time.Time `json:"opened"`
	OpenMS float64   `json:"open_ms"`
	// ClockStepMS is how much more time went by on this machine's wall clock than on the clock that packets
	// are timed by: the machine slept, or its clock was set. It is 0 under 100 ms, which a clock that is
	// being adjusted may gain.
	ClockStepMS float64 `json:"clock_step_ms,omitempty"`
	// Steps are the seconds of the stream since Opened, at most half an hour of them.
	Steps []Step `json:"steps"`
	// Local is the address of the RTP socket.
	Local netip.AddrPort `json:"local"`
	// Codec and PtimeMS are what this end sent, or would have sent.
	Codec   Codec   `json:"codec"`
	PtimeMS float64 `json:"ptime_ms"`
	// SSRC is this end's synchronisation source (RFC 3550 section 3).
	SSRC     uint32   `json:"ssrc"`
	Sent     Sent     `json:"sent"`
	Received Received `json:"received"`
	RTCP     Reports  `json:"rtcp"`
	// SRTP is true when this end encrypted what it sent (RFC 3711).
	SRTP bool `json:"srtp,omitempty"`
	// LatchedTo is the source that media follows, nil when nothing was latched.
	LatchedTo *netip.AddrPort `json:"latched_to"`
}

// Sent is what left this end.
type Sent struct {
	// Packets were taken by the kernel; whether they left the machine it alone knows.
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
	// FirstSequence is the sequence number of the first packet that was due.
	FirstSequence uint16 `json:"first_sequence"`
	// From is the socket that this end sent from, where that is not the one that it listened on.
	From *netip.AddrPort `json:"from,omitempty"`
	// Digits are the telephone events that were sent, in order (RFC 4733).
	Digits []Digit `json:"digits,omitempty"`
	// SuppressedMS is the silence for which no audio was sent.
	SuppressedMS float64 `json:"suppressed_ms,omitempty"`
	// ComfortNoise counts the packets of RFC 3389 among Packets.
	ComfortNoise int64 `json:"comfort_noise,omitempty"`
	// Destinations lists at most 16 addresses in order of first use.
	Destinations []Destination `json:"destinations"`
	// RefusedDestinations are those that StreamConfig.Allow forbade, with the packets not sent there.
	RefusedDestinations []Destination `json:"refused_destinations"`
	// Errors counts packets that the kernel did not take, by kind.
	Errors []ErrorCount `json:"errors"`
	// Lateness is this end's own pacing error, nil when nothing was due.
	Lateness *LatenessUS `json:"lateness_us"`
	// Clock is the time at which the last packet was due, nil when none was. Timestamps
	// count through pauses, so that it holds for all packets of the stream.
	Clock *MediaClock `json:"clock,omitempty"`
}

// A MediaClock ties an RTP timestamp (RFC 3550 section 5.1) to a time since Opened.
type MediaClock struct {
	Timestamp uint32  `json:"timestamp"`
	AtMS      float64 `json:"at_ms"`
}

// A Destination is an address and the packets for it.
type Destination struct {
	Address netip.AddrPort `json:"address"`
	Packets int64          `json:"packets"`
}

// An ErrorCount counts socket errors of a kind: connection-refused, not-permitted, network-unreachable,
// host-unreachable, network-down, no-buffers, message-too-long, invalid-address, timeout, closed, other.
type ErrorCount struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
}

// LatenessUS is a Lateness in microseconds.
type LatenessUS struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
	// CatchUps counts the packets that were held back after a stall (see Pacer).
	CatchUps int64 `json:"catch_ups"`
}

// Received is what arrived at this end. Loss before the first and after the last packet that arrived
// cannot be seen here; compare with what the other end sent.
type Received struct {
	// Packets were accepted and are unique; Bytes are theirs.
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
	// Sources lists at most 16 pairs of address and SSRC in order of arrival.
	Sources []Source `json:"sources"`
	// RefusedSources are those that StreamConfig.Allow forbade to a stream without a WantTag.
	RefusedSources []Destination `json:"refused_sources"`
	// Expected is highest - lowest + 1 of the extended sequence numbers, summed over SSRCs (RFC 3550 A.3).
	Expected int64 `json:"expected"`
	// FirstSequence is the sequence number of the first packet, nil when nothing arrived.
	FirstSequence *uint16 `json:"first_sequence"`
	// LastSequence is the highest sequence number of the SSRC heard last, nil when
	// nothing arrived.
	LastSequence *uint16 `json:"last_sequence"`
	// Lost is Expected - Packets, nil when nothing arrived.
	Lost       *int64 `json:"lost"`
	Duplicated int64  `json:"duplicated"`
	// LossRuns counts the runs of lost packets, LongestLossRun is the most packets in a
	// row that never came; those that came in another order are not lost.
	LossRuns       int64 `json:"loss_runs"`
	LongestLossRun int64 `json:"longest_loss_run"`
	// OutOfOrder counts unique packets that arrived after one with a higher sequence number.
	OutOfOrder int64 `json:"out_of_order"`
	// Strays were accepted, but their sequence number fits nowhere (RFC 3550 A.1) or their SSRC is one too many.
	Strays int64 `json:"strays"`
	// JitterMS is the interarrival jitter of the SSRC heard last (RFC 3550 6.4.1, A.8), nil under 2 packets.
	JitterMS *float64 `json:"jitter_ms"`
	// Transit is when the packets of the SSRC heard last arrived, nil when there are none.
	Transit *Transit `json:"transit,omitempty"`
	// Untagged packets lacked StreamConfig.WantTag, in RTP or RTCP; nothing was done with them.
	Untagged int64 `json:"untagged"`
	// Control packets carried StreamConfig.ControlTag; they are in no other count.
	Control int64 `json:"control,omitempty"`
	// Looped packets carried this end's own SSRC or SendTag: they came back.
	Looped int64 `json:"looped"`
	// Malformed packets were neither RTP nor RTCP of version 2.
	Malformed int64 `json:"malformed"`
	// Unauthenticated packets carried the tag and failed the authentication of SRTP (RFC 3711): this end
	// has another key than the one that they were made with. Nothing else was done with them.
	Unauthenticated int64 `json:"unauthenticated,omitempty"`
	// StrictDropped packets carried the tag and were not taken, because a stream with LatchStrict had not
	// seen enough of their source, or had settled on another.
	StrictDropped int64 `json:"strict_dropped,omitempty"`
	// AtSendPort packets carried the tag and arrived where this end only sends from, see Sent.From.
	AtSendPort int64 `json:"at_send_port,omitempty"`
	// Digits are the telephone events that arrived, in order (RFC 4733).
	Digits []Digit `json:"digits,omitempty"`
	// ComfortNoise counts unique packets of RFC 3389.
	ComfortNoise int64 `json:"comfort_noise,omitempty"`
	// OpaqueMS is the audio of G.722 and Opus that arrived: nobody listened to it.
	OpaqueMS float64 `json:"opaque_ms,omitempty"`
	// OtherPayload counts unique packets of a payload type that this package does not know.
	OtherPayload int64 `json:"other_payload"`
	// BufferDrops counts datagrams of whatever kind that arrived and found no room in the RTP socket's
	// receive buffer: this machine was too slow. It is nil where the system does not tell.
	BufferDrops *int64 `json:"buffer_drops"`
	// Errors counts failed reads by kind: the sign of ICMP on some systems.
	Errors []ErrorCount `json:"errors"`
	// FirstMS and LastMS are the times of the first and last accepted packet, nil when there was none.
	FirstMS *float64 `json:"first_ms"`
	LastMS  *float64 `json:"last_ms"`
	// MaxGapMS is the longest time between accepted packets, nil under 2 of them.
	MaxGapMS *float64 `json:"max_gap_ms"`
	// The audio of unique packets, by what was heard: the wanted tone, this end's own, nothing, anything else.
	ToneHeardMS  float64 `json:"tone_heard_ms"`
	OwnToneMS    float64 `json:"own_tone_ms"`
	SilenceMS    float64 `json:"silence_ms"`
	OtherAudioMS float64 `json:"other_audio_ms"`
}

// A Transit says when the packets of an SSRC arrived by this end's clock, as if each had
// carried the same timestamp: what differs is their time on the way.
type Transit struct {
	SSRC      uint32 `json:"ssrc"`
	Timestamp uint32 `json:"timestamp"`
	// MinMS, MeanMS and MaxMS are times since Opened: of the quickest packet, on
	// average, and of the slowest.
	MinMS  float64 `json:"min_ms"`
	MeanMS float64 `json:"mean_ms"`
	MaxMS  float64 `json:"max_ms"`
}

// A Source is an address and SSRC that accepted packets came from, duplicates included.
type Source struct {
	Address netip.AddrPort `json:"address"`
	SSRC    uint32         `json:"ssrc"`
	Packets int64          `json:"packets"`
	FirstMS float64        `json:"first_ms"`
	LastMS  float64        `json:"last_ms"`
}

// Reports is what RTCP showed (RFC 3550 section 6).
type Reports struct {
	SentSR int64 `json:"sent_sr"`
	SentRR int64 `json:"sent_rr"`
	// Received counts accepted compounds, of whatever packets; ReceivedSR and ReceivedRR the reports in them.
	Received   int64 `json:"received"`
	ReceivedSR int64 `json:"received_sr"`
	ReceivedRR int64 `json:"received_rr"`
	// ReceivedBye is true when the far end said goodbye (RFC 3550 section 6.6).
	ReceivedBye bool `json:"received_bye"`
	// Unauthenticated reports failed the authentication of SRTCP.
	Unauthenticated int64 `json:"unauthenticated,omitempty"`
	// Source is where the last accepted report came from, nil when none came.
	Source *netip.AddrPort `json:"source"`
	// Errors counts reports that the kernel did not take, by kind.
	Errors []ErrorCount `json:"errors"`
	// RoundTripMS is the last round trip computed from LSR and DLSR (RFC 3550 6.4.1), nil when none was.
	RoundTripMS *float64 `json:"round_trip_ms"`
	// RemoteLost and RemoteJitterMS are what the far end last reported of this end's stream.
	RemoteLost     *int64   `json:"remote_lost"`
	RemoteJitterMS *float64 `json:"remote_jitter_ms"`
}

// Arrived counts the packets of the call that reached this end, those included that it could not decrypt, or
// did not take.
func (r Received) Arrived() int64 { return r.Packets + r.Unauthenticated + r.StrictDropped }
