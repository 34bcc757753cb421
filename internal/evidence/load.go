package evidence

import (
	"bytes"
	"strconv"
	"time"

	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// LoadFacts are what both ends recorded of many calls at once.
type LoadFacts struct {
	// Flow says which path outbound calls took, as in [CallFacts]; empty for inbound ones.
	Flow string `json:"flow,omitempty"`
	// Client and Responder are null when that end's record could not be had: then Missing
	// says why.
	Client    *LoadEnd `json:"client"`
	Responder *LoadEnd `json:"responder"`
	Missing   string   `json:"missing,omitempty"`
}

// A LoadEnd is one end's record of many calls at once.
type LoadEnd struct {
	// Started is when this end began, by its own clock; all times of the record count
	// from there.
	Started time.Time `json:"started"`
	// Calls are those that this end began or was asked for, in the order of their numbers.
	Calls []LoadCall `json:"calls"`
	// Seconds are what all calls together did in each second.
	Seconds []LoadSecond `json:"seconds"`
	// Lateness is the pacing error of all that this end sent; null when it sent nothing.
	Lateness *rtpprobe.LatenessUS `json:"lateness_us"`
	// Stopped says why this end began fewer calls than it was to; empty when it did not.
	Stopped string `json:"stopped,omitempty"`
	// Fault is a local reason for which this end could not begin at all.
	Fault string `json:"fault,omitempty"`
}

// A LoadCall is one end's record of one of many calls.
type LoadCall struct {
	// Number counts from 1, in the order in which calls are placed.
	Number int `json:"number"`
	// AtMs is when the call was placed, or its INVITE arrived.
	AtMs float64 `json:"at_ms"`
	// Established is as in [CallEnd]. Status is that of the final answer at the end that
	// called, 0 without one; Outcome is that of its INVITE, empty at the end that was called.
	Established bool   `json:"established"`
	Outcome     string `json:"outcome,omitempty"`
	Status      int    `json:"status,omitempty"`
	// SetupMs is from the INVITE to its final answer; null where there was none.
	SetupMs *float64 `json:"setup_ms,omitempty"`
	// SentPackets left this end, ReceivedPackets arrived and are unique, as in [rtpprobe.Result].
	SentPackets     int64 `json:"sent_packets"`
	SentBytes       int64 `json:"sent_bytes"`
	ReceivedPackets int64 `json:"received_packets"`
	// SendErrors counts packets that this machine did not take, BufferDrops those that
	// arrived and found no room in the socket; null where the system does not tell.
	SendErrors  int64  `json:"send_errors,omitempty"`
	BufferDrops *int64 `json:"buffer_drops"`
	// JitterMs and RoundTripMs are as in [rtpprobe.Result].
	JitterMs    *float64 `json:"jitter_ms"`
	RoundTripMs *float64 `json:"round_trip_ms"`
	// LongestLossRun is the most packets in a row that were missing, LossRuns how often
	// any were.
	LongestLossRun int64 `json:"longest_loss_run,omitempty"`
	LossRuns       int64 `json:"loss_runs,omitempty"`
	// ToneHeardMs and OwnToneMs are the audio that was heard of the other end, and of
	// this one.
	ToneHeardMs float64 `json:"tone_heard_ms"`
	OwnToneMs   float64 `json:"own_tone_ms,omitempty"`
	// LastMs is when the last packet arrived; null when none did.
	LastMs *float64 `json:"last_ms"`
	Ended  string   `json:"ended,omitempty"`
	Fault  string   `json:"fault,omitempty"`
}

// A LoadSecond is what all calls together did at one end in one second, to within one.
type LoadSecond struct {
	// Calls is how many sent.
	Calls           int   `json:"calls"`
	SentPackets     int64 `json:"sent_packets"`
	ReceivedPackets int64 `json:"received_packets"`
	// LostPackets is by how much the loss grew, as in [rtpprobe.Step]: what was lost of
	// calls of which nothing arrives any more is not in it.
	LostPackets int64 `json:"lost_packets"`
}

// LoadToken marks the messages of one of many calls.
func (r Run) LoadToken(check string, number int) string {
	return r.Token(check) + "-" + strconv.Itoa(number)
}

// TapedCalls is how many of many calls are kept on tapes, message by message: the first
// ones. They show what the path does to SIP; a thousand would show no more.
const TapedCalls = 20

// Untaped reports whether a message belongs to one of many calls beyond the first ones.
func Untaped(message []byte) bool {
	_, rest, ok := bytes.Cut(message, []byte("-load-"))
	if !ok {
		return false
	}
	way, rest, _ := bytes.Cut(rest[:min(len(rest), 24)], []byte("-"))
	transport, rest, _ := bytes.Cut(rest, []byte("-"))
	if way := string(way); way != "in" && way != "out" {
		return false
	}
	if _, err := sipprobe.ParseTransport(string(transport)); err != nil {
		return false
	}
	end := 0
	for end < len(rest) && rest[end] >= '0' && rest[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(rest[:end]))
	return err == nil && n > TapedCalls
}
