package evidence

import (
	"net/netip"
	"time"

	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A Moment is something that happened in a call, as one end saw it, with what its media
// had come to by then. Both ends note the same moments, each by its own clock.
type Moment struct {
	// AtMs is when, in milliseconds since the Opened of the end's first stream.
	AtMs float64    `json:"at_ms"`
	What MomentKind `json:"what"`
	// By is the side that did it; empty for the answer.
	By scenarios.Side `json:"by,omitempty"`
	// Method is that of the request, empty where there was none.
	Method string `json:"method,omitempty"`
	// How is the kind of hold, Moved whether the media address of By is another one.
	How   scenarios.HoldKind `json:"how,omitempty"`
	Moved bool               `json:"moved,omitempty"`
	// Outcome and Status say how the far end took a request of this end, and TookMs how
	// long that was; Outcome is empty at the end that was asked.
	Outcome sipprobe.Outcome `json:"outcome,omitempty"`
	Status  int              `json:"status,omitempty"`
	TookMs  float64          `json:"took_ms,omitempty"`
	// Sends and Hears are whether this end was to send audio from then on, and whether
	// the far end was.
	Sends bool `json:"sends"`
	Hears bool `json:"hears"`
	// Local is this end's media address in its SDP, Heard the far end's, from then on.
	Local netip.AddrPort `json:"local"`
	Heard netip.AddrPort `json:"heard"`
	// Sent and Received count the packets of all streams until then; LastMs is when the
	// last of those received arrived, in milliseconds since Opened, null before the first.
	Sent     int64    `json:"sent"`
	Received int64    `json:"received"`
	LastMs   *float64 `json:"last_ms"`
}

// A MomentKind says what happened.
type MomentKind string

// The kinds of moments.
const (
	EarlyMoment    MomentKind = "early-media" // the 183 that opens media before the answer
	AnswerMoment   MomentKind = "answer"
	HoldMoment     MomentKind = "hold"
	ResumeMoment   MomentKind = "resume"
	ReinviteMoment MomentKind = "reinvite"
	UpdateMoment   MomentKind = "update"
	RefreshMoment  MomentKind = "refresh" // an UPDATE without SDP, which only its sender notes
	OverMoment     MomentKind = "over"    // this end's media ended
)

// Took reports whether the moment changed the call: what drew no answer, or a refusal,
// did not.
func (m Moment) Took() bool { return m.Outcome == "" || m.Outcome == sipprobe.Accepted }

// The ends of calls that have a reason in the call itself, as in CallEnd.Ended.
const (
	// EndedUnanswered is that of the end whose re-INVITE or UPDATE drew no answer, which
	// must then hang up (RFC 3261 sections 12.2.1.2 and 14.1).
	EndedUnanswered = "hung up: no answer in the call"
	// EndedBySession is that of the end whose session timer ran out (RFC 4028 section 10).
	EndedBySession = sipprobe.SessionExpired
)

// Streams are all streams of the end, in order; none where it had no media.
func (end *CallEnd) Streams() []rtpprobe.Result {
	if end == nil || end.Media == nil {
		return nil
	}
	return append([]rtpprobe.Result{*end.Media}, end.MoreMedia...)
}

// SentPackets and ReceivedPackets count those of all streams.
func (end *CallEnd) SentPackets() (n int64) {
	for _, s := range end.Streams() {
		n += max(s.Sent.Packets, 0)
	}
	return n
}

// ReceivedPackets counts the packets that all streams received, those included that this end could not decrypt.
func (end *CallEnd) ReceivedPackets() (n int64) {
	for _, s := range end.Streams() {
		n += max(s.Received.Packets+s.Received.Unauthenticated, 0)
	}
	return n
}

// Opened is when the end's media opened, by its own clock; zero where it had none.
func (end *CallEnd) Opened() time.Time {
	if end == nil || end.Media == nil {
		return time.Time{}
	}
	return end.Media.Opened
}
