package report

import (
	"time"

	"bothways/internal/diagnosis"
	"bothways/scenarios"
)

// SchemaName names the format of the JSON report.
const SchemaName = "bothways/report/v1"

// A Report is what a run found, as scripts read it.
type Report struct {
	Schema  string            `json:"schema"`
	Run     Run               `json:"run"`
	Verdict diagnosis.Verdict `json:"verdict"`
	// Summary is the verdict in one sentence.
	Summary   string      `json:"summary"`
	Checks    []Check     `json:"checks"`
	Findings  []Finding   `json:"findings"`
	NotTested []NotTested `json:"not_tested"`
	// Changes are all differences between SIP messages as sent and as arrived; null when
	// they are not known, empty when there are none.
	Changes []Change `json:"changes"`
	// Differences are the settings that decide whether calls have audio both ways; left out
	// where no two calls of the run show one.
	Differences []Difference `json:"differences,omitempty"`
	// Remarks are things to know that are no findings and change no verdict.
	Remarks []Remark `json:"remarks"`
}

// A Remark is said under the code of the finding that it would be if it had changed a
// verdict.
type Remark struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// A Run says what was run, when and against what.
type Run struct {
	ID         string    `json:"id"`
	Started    time.Time `json:"started"`
	DurationMs int64     `json:"duration_ms"`
	// Target is what the user typed, empty with the embedded responder.
	Target string `json:"target"`
	// Address is the one that the client dialled.
	Address *string `json:"address"`
	// Resolution is how the name led there; null where the target is an address.
	Resolution *Resolution `json:"resolution"`
	Embedded   bool        `json:"embedded"`
	// Router is the name that was given with --router, null when none was.
	Router *string `json:"router"`
	// Scenario is the scenario's name.
	Scenario string  `json:"scenario"`
	Client   Program `json:"client"`
	// Responder is null when the two programs never met.
	Responder *Program `json:"responder"`
	// PairingTransport carried the pairing first; null when none did.
	PairingTransport *string `json:"pairing_transport"`
	ClientBehindNAT  *bool   `json:"client_behind_nat"`
	// ClientInside says by what the client is known not to have been outside the site, so that
	// the router was not tested; left out where that is not known.
	ClientInside *string `json:"client_inside,omitempty"`
	// Interrupted says why the run ended before its time, null when it did not.
	Interrupted *string `json:"interrupted"`
}

// A Program is one end's software.
type Program struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocol"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// A Check is the judgement of one check, with what was measured.
type Check struct {
	ID        string              `json:"id"`
	Kind      scenarios.Kind      `json:"kind"`
	Transport scenarios.Transport `json:"transport"`
	Direction scenarios.Direction `json:"direction"`
	Verdict   diagnosis.Verdict   `json:"verdict"`
	// Summary is one line with the numbers.
	Summary string `json:"summary"`
	// Optional checks never fail a run.
	Optional bool `json:"optional"`
	// Severity is what the run is when the check fails.
	Severity scenarios.Severity `json:"severity"`
	// Purpose is what the scenario says that the check is for, null when it does not.
	Purpose *string `json:"purpose"`
	// Control names the check that this one is the control for, null when it is none.
	Control *string `json:"control"`
	// RTTMs is the round trip of OPTIONS, or of a call's INVITE to its first answer.
	RTTMs *float64 `json:"rtt_ms"`
	// Flow is "new" or "client" for outbound calls, null otherwise.
	Flow *string `json:"flow"`
	// Inbound and Outbound are null for checks without audio.
	Inbound  *Audio `json:"inbound"`
	Outbound *Audio `json:"outbound"`
	// Sweep is null for checks that are none.
	Sweep *Sweep `json:"sweep"`
	// Idle is null for checks that left nothing idle.
	Idle *Idle `json:"idle"`
	// TLS is null for checks of anything else.
	TLS *TLS `json:"tls"`
	// Port is null for checks of other kinds.
	Port *Port `json:"port"`
	// NAT is null for checks that are about none.
	NAT *NAT `json:"nat"`
	// Size is null for checks of anything but sizes, DSCP of anything but marks.
	Size *Size `json:"size"`
	DSCP *DSCP `json:"dscp"`
	// Load is null for checks of anything but many calls at once.
	Load *Load `json:"load"`
	// Timeline is null for checks that are no call in which more happened than talk, or
	// whose audio stopped.
	Timeline *Timeline `json:"timeline"`
	// Server is null for checks of anything but servers of others.
	Server *Server `json:"server"`
}

// Audio is what both ends measured of one direction of a call.
type Audio struct {
	SentPackets       *int64   `json:"sent_packets"`
	ReceivedPackets   *int64   `json:"received_packets"`
	LostPercent       *float64 `json:"lost_percent"`
	DuplicatedPackets *int64   `json:"duplicated_packets"`
	OutOfOrderPackets *int64   `json:"out_of_order_packets"`
	JitterMs          *float64 `json:"jitter_ms"`
	// SenderLatenessP99Ms is the sender's own pacing error: jitter up to that is its own.
	SenderLatenessP99Ms *float64 `json:"sender_lateness_p99_ms"`
	// ToneHeardMs is null too where nobody listens, to G.722 and Opus.
	ToneHeardMs *float64 `json:"tone_heard_ms"`
	// FirstPacketMs is how long after the answer the first packet arrived, without the time
	// for which its sender held back on purpose.
	FirstPacketMs *float64 `json:"first_packet_ms"`
	// DigitsSent and DigitsHeard are those of RFC 4733; left out where none were dialled.
	DigitsSent  *string `json:"digits_sent,omitempty"`
	DigitsHeard *string `json:"digits_heard,omitempty"`
	// LossRuns counts the runs of lost packets, LongestLossRunPackets is the longest.
	LossRuns              *int64 `json:"loss_runs"`
	LongestLossRunPackets *int64 `json:"longest_loss_run_packets"`
	// RoundTripMs is that of RTCP, or of the call's INVITE.
	RoundTripMs *float64 `json:"round_trip_ms"`
	// BurstRatio, RFactor and MOS are those of the E-model (ITU-T G.107).
	BurstRatio *float64 `json:"burst_ratio"`
	RFactor    *float64 `json:"r_factor"`
	MOS        *float64 `json:"mos"`
	// OneWayDelayMs is the mean time on the way, wrong by at most OneWayDelayErrorMs; null
	// where the two ends' clocks could not be compared.
	OneWayDelayMs      *float64 `json:"one_way_delay_ms"`
	OneWayDelayErrorMs *float64 `json:"one_way_delay_error_ms"`
}

// A Finding is a symptom or a cause, with what proves it.
type Finding struct {
	Code  string         `json:"code"`
	Role  diagnosis.Role `json:"role"`
	Title string         `json:"title"`
	// Direction is null when the finding has none.
	Direction  *string              `json:"direction"`
	Confidence diagnosis.Confidence `json:"confidence"`
	Evidence   []string             `json:"evidence"`
	Remedy     []string             `json:"remedy"`
	// RouterRemedy is what to do on the router that the run names; null when it names
	// none, or nothing is known of this finding there.
	RouterRemedy *RouterRemedy `json:"router_remedy"`
	Checks       []string      `json:"checks"`
	// ExplainedBy are the causes that explain a symptom, in part at least, the most
	// upstream first; empty for causes.
	ExplainedBy []Reason `json:"explained_by"`
	// Consequences are causes that this one explains in full: they are listed here and not
	// beside it. Empty for symptoms.
	Consequences []Consequence `json:"consequences"`
	// Routers are the names that would give a RouterRemedy, where the run names none.
	Routers []string `json:"-"`
	// Changes are the groups that some of the evidence tells in sentences, for text.
	Changes []diagnosis.ChangeGroup `json:"-"`
}

// A Reason names a cause among the findings.
type Reason struct {
	Code      string  `json:"code"`
	Direction *string `json:"direction"`
	// Title and Confidence are those of the cause, for text.
	Title      string               `json:"-"`
	Confidence diagnosis.Confidence `json:"-"`
}

// A Consequence is a cause that needs no remedy of its own.
type Consequence struct {
	Code       string               `json:"code"`
	Title      string               `json:"title"`
	Direction  *string              `json:"direction"`
	Confidence diagnosis.Confidence `json:"confidence"`
	Evidence   []string             `json:"evidence"`
	Checks     []string             `json:"checks"`
	// Why says why the other cause explains it.
	Why string `json:"why"`
}

// A RouterRemedy is what to do on one router: steps, then commands if there are any, then
// the check that it took effect.
type RouterRemedy struct {
	Router   string   `json:"router"`
	Title    string   `json:"title"`
	Steps    []string `json:"steps"`
	Commands []string `json:"commands"`
	Check    string   `json:"check"`
}

// A NotTested is a cause that the run could not decide, and what it lacked.
type NotTested struct {
	Code  string `json:"code"`
	Needs string `json:"needs"`
}
