// Package evidence defines what a run recorded: both ends' ledgers and the facts
// of each check, as plain data. It is saved as evidence.json and is all that
// diagnosis and report ever see.
//
// Nothing in it is an opinion. What is unknown is null; silence is recorded as an
// outcome of the exchange that met it.
package evidence

import (
	"net/netip"
	"time"

	"bothways/internal/resolve"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Schema names the format of saved evidence. Within v1 fields are only added.
const Schema = "bothways/evidence/v1"

// Evidence is everything that one run recorded.
type Evidence struct {
	Schema   string             `json:"schema"`
	Run      Run                `json:"run"`
	Scenario scenarios.Scenario `json:"scenario"`
	Pairing  Pairing            `json:"pairing"`
	// Checks are in the order of the scenario; controls that the run added follow.
	Checks []Check `json:"checks"`
	Client Ledger  `json:"client"`
	// Responder is null when the ends were never paired, or when the responder
	// vanished before it could hand over its ledger.
	Responder *Ledger `json:"responder"`
	// Clocks compares the two ends' clocks; nil when they could not be compared.
	Clocks []ClockSample `json:"clocks,omitempty"`
}

// Run says what was run, when and against what.
type Run struct {
	// ID is 16 hexadecimal digits; every message of the run carries them.
	ID         string    `json:"id"`
	Started    time.Time `json:"started"`
	DurationMs int64     `json:"duration_ms"`
	// Target is what the user typed; empty with the embedded responder, and where the
	// site is wherever the responder dialled from.
	Target  string     `json:"target"`
	Address netip.Addr `json:"address"`
	// Resolution is how the target's name led to the address; null for an address.
	Resolution *resolve.Resolution `json:"resolution,omitempty"`
	// Embedded is true when the responder ran in the same program.
	Embedded bool `json:"embedded"`
	// Router is the name of the site's router, as the user gave it for the remedies;
	// empty when none was given.
	Router string `json:"router,omitempty"`
	// Client and Responder are the two programs; Responder is null when unknown.
	Client    Program  `json:"client"`
	Responder *Program `json:"responder"`
	// Interrupted says why the run ended before its time, empty when it did not.
	Interrupted string `json:"interrupted,omitempty"`
}

// StoppedByUser is what Interrupted says where it was the user who ended the run.
const StoppedByUser = "stopped by the user"

// A Program is one end's software.
type Program struct {
	Version  string `json:"version"`
	Protocol int    `json:"protocol"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// Pairing says how the two programs found each other.
type Pairing struct {
	// Attempts holds the first try over each transport.
	Attempts []Attempt `json:"attempts"`
	// Transport is the one that carried the pairing first; empty when none did.
	Transport sipprobe.Transport `json:"transport"`
	// Lost lists the times at which the pairing had to move on.
	Lost []Loss `json:"lost,omitempty"`
	// ClientBehindNAT is true when the responder saw another address than the
	// client's own, be it for a NAT of the client or one of the site; null when never paired.
	ClientBehindNAT *bool `json:"client_behind_nat"`
	// FromInside is set when the responder dialled a client that waited; null otherwise.
	FromInside *FromInside `json:"from_inside,omitempty"`
	// Second is the client's second address; null when none was given.
	Second *SecondAddress `json:"second_address,omitempty"`
}

// An Attempt is the first contact over one transport: for TCP and TLS a
// connection, then the exchange that pairs.
type Attempt struct {
	Transport sipprobe.Transport `json:"transport"`
	// Connect is null for UDP.
	Connect *Connect `json:"connect"`
	// Exchange is null when no connection could be opened.
	Exchange *sipprobe.Exchange `json:"exchange"`
}

// Works reports whether the responder answered over this transport and proved itself.
func (a Attempt) Works() bool { return a.Exchange != nil && a.Exchange.Outcome == sipprobe.Accepted }

// A Connect is the opening of one TCP or TLS connection.
type Connect struct {
	// Result is "open", "timeout", "refused", "unreachable", "tls-failed" or "local" (this
	// machine could not: no descriptors, no rights).
	Result     string         `json:"result"`
	Local      netip.AddrPort `json:"local"`
	Remote     netip.AddrPort `json:"remote"`
	DurationMs float64        `json:"duration_ms"`
	Error      string         `json:"error,omitempty"`
	// PeerSHA256 is the fingerprint of the certificate that was presented to this end;
	// empty without TLS.
	PeerSHA256 string `json:"peer_sha256,omitempty"`
}

// A Loss is one interruption of the pairing.
type Loss struct {
	Time      time.Time          `json:"time"`
	Transport sipprobe.Transport `json:"transport"`
	Error     string             `json:"error"`
}

// A Check holds the facts of one check of the scenario.
type Check struct {
	scenarios.Check
	// Control names the check that this one is the control for; empty for those
	// of the scenario. A control differs from its check in one thing.
	Control string `json:"control,omitempty"`
	// Skipped says why the check was not run; empty when it was.
	Skipped string `json:"skipped,omitempty"`
	// Options is set for OPTIONS checks that ran.
	Options *OptionsFacts `json:"options,omitempty"`
	// CallFacts is set for calls that ran.
	CallFacts *CallFacts `json:"call_facts,omitempty"`
	// SweepFacts is set for sweeps that ran.
	SweepFacts *SweepFacts `json:"sweep_facts,omitempty"`
	// SizeFacts is set for checks of size that ran.
	SizeFacts *SizeFacts `json:"size_facts,omitempty"`
	// DSCPFacts is set for checks of marks that ran.
	DSCPFacts *DSCPFacts `json:"dscp_facts,omitempty"`
	// Rewriting is set for checks of kind "rewriting" that ran.
	Rewriting *RewritingFacts `json:"rewriting,omitempty"`
	// IdleFacts is set for checks of kinds "binding" and "idle" that ran.
	IdleFacts *IdleFacts `json:"idle_facts,omitempty"`
	// TLSFacts is set for TLS checks that ran.
	TLSFacts *TLSFacts `json:"tls_facts,omitempty"`
	// PortFacts is set for checks of a port that ran.
	PortFacts *PortFacts `json:"port_facts,omitempty"`
	// NATFacts is set for checks of a NAT that ran.
	NATFacts *NATFacts `json:"nat_facts,omitempty"`
	// LoadFacts is set for checks of many calls that ran.
	LoadFacts *LoadFacts `json:"load_facts,omitempty"`
	// ServerFacts is set for checks of servers and providers that ran.
	ServerFacts *ServerFacts `json:"server_facts,omitempty"`
}

// SweepFacts are what both ends recorded of one sweep, its windows joined.
type SweepFacts struct {
	// Estimate is what the sweep was going to cost at the pace of the start.
	Estimate rtpprobe.SweepEstimate `json:"estimate"`
	// Sent is the ledger of the end that sent the requests (inbound: the client),
	// Arrived that of the other. Either is null when it could not be had: then
	// Missing says why.
	Sent    *rtpprobe.SweepSent    `json:"sent"`
	Arrived *rtpprobe.SweepArrived `json:"arrived"`
	Missing string                 `json:"missing,omitempty"`
	// Primed is the same sweep again, of the ports that failed cold, after the site
	// had sent from each of them to the client; null when none failed, when it was
	// not done, and for outbound sweeps.
	Primed *SweepFacts `json:"primed,omitempty"`
	// NotTried are ports of the check that this run could not try, and WhyNot why:
	// outbound from behind the client's own NAT, or held by this program itself.
	NotTried rtpprobe.PortSet `json:"not_tried,omitzero"`
	WhyNot   string           `json:"why_not,omitempty"`
	// OwnNAT is set for an outbound sweep from behind the client's own NAT, which this
	// end opened for each port that was tried.
	OwnNAT *OwnNAT `json:"own_nat,omitempty"`
}

// OwnNAT is what the client has learned of the path to the site from behind its own NAT,
// which keeps source ports.
type OwnNAT struct {
	// Hops is the smallest hop limit with which a packet reaches the responder.
	Hops int `json:"hops"`
	// HopLimit is that of the packets which opened the NAT: they ended before the site.
	HopLimit int `json:"hop_limit"`
	// Shut is true when hardly anything came through all the same, so that the sweep
	// was ended and proves nothing.
	Shut bool `json:"shut,omitempty"`
}

// OptionsFacts are what one OPTIONS showed at the client.
type OptionsFacts struct {
	Connect  *Connect          `json:"connect"` // null for UDP
	Exchange sipprobe.Exchange `json:"exchange"`
}

// CallFacts are what both ends recorded of one call.
type CallFacts struct {
	// Flow says which path an outbound call took: "new" to the client's own port,
	// or "client" over the flow that the client had opened; empty for inbound calls.
	Flow string `json:"flow,omitempty"`
	// Reach is the responder's attempt to reach the client's own port over a new
	// flow; null for inbound calls and when it was not tried.
	Reach *sipprobe.Exchange `json:"reach,omitempty"`
	// Client and Responder are null when that end never saw the call, or its
	// record could not be fetched: then Missing says why.
	Client    *CallEnd `json:"client"`
	Responder *CallEnd `json:"responder"`
	Missing   string   `json:"missing,omitempty"`
}

// Ends are the records that there are, the client's first; a nil CallFacts has none.
func (f *CallFacts) Ends() (out []*CallEnd) {
	if f == nil {
		return nil
	}
	for _, end := range []*CallEnd{f.Client, f.Responder} {
		if end != nil {
			out = append(out, end)
		}
	}
	return out
}

// A CallEnd is one end's record of a call.
type CallEnd struct {
	// Invite is the exchange that set the call up; null at the end that was called.
	Invite *sipprobe.Exchange `json:"invite"`
	// Established is true once the 200 (at the caller) or the ACK (at the called end) was seen.
	Established bool             `json:"established"`
	Events      []sipprobe.Event `json:"events"`
	// Advertised is the media address in this end's SDP, Heard the one in the
	// other end's SDP as it arrived; null when there was none.
	Advertised *netip.AddrPort `json:"advertised"`
	Heard      *netip.AddrPort `json:"heard"`
	// Cold is what arrived before this end sent anything from its media port; null
	// where this end did not hold back.
	Cold *Cold `json:"cold"`
	// Lead is what this end sent while the other only listened; null where it did not.
	Lead *Lead `json:"lead"`
	// Control is what the client sent to the same port from the address that signals,
	// where its media has another; null elsewhere.
	Control *Control `json:"control,omitempty"`
	// FirstPacketMs is the time from the first 2xx, as this end sent or received it, to the first packet of the
	// call that arrived here, in milliseconds; below 0 where that came first, null without either.
	FirstPacketMs *float64 `json:"first_packet_ms"`
	// Media is null when no audio was tried.
	Media *rtpprobe.Result `json:"media"`
	// MoreMedia are the streams that this end opened when it moved its media, each of
	// which followed the one before.
	MoreMedia []rtpprobe.Result `json:"more_media,omitempty"`
	// Moments are what happened in the call, oldest first; empty for calls that this end
	// had no media for.
	Moments []Moment `json:"moments,omitempty"`
	// Ended says how the call ended, as this end saw it.
	Ended string `json:"ended"`
	// Fault is a local reason for which this end could not do its part.
	Fault string `json:"fault,omitempty"`
	// Unreadable says why the offer that arrived could not be used, so that the call
	// was refused with 488; empty when it could. That is no local reason: the tapes
	// hold the offer as it left and as it arrived.
	Unreadable string `json:"unreadable,omitempty"`
}

// Cold is the part of a call in which one end only listened.
type Cold struct {
	WaitedMs float64 `json:"waited_ms"`
	// LateMs is by how much that is longer than this end was to wait. Where it is much its machine stood still, and
	// what came meanwhile may not have been counted.
	LateMs  float64 `json:"late_ms,omitempty"`
	Packets int64   `json:"packets"`
	// ControlPackets are those of [Control] that arrived meanwhile; null where there
	// were none to come.
	ControlPackets *int64 `json:"control_packets,omitempty"`
}

// Control is what an end sent to the far end's media port besides its media, while the
// far end only listened.
type Control struct {
	// Local is where it came from.
	Local   netip.AddrPort `json:"local"`
	Packets int64          `json:"packets"`
	Error   string         `json:"error,omitempty"`
}

// Lead is the part of a call in which one end sends and the other only listens. The
// two ends' clocks for it start at their own ends of the 200, so it may differ from
// the other end's Cold by the packets that were under way.
type Lead struct {
	LastedMs float64 `json:"lasted_ms"`
	Packets  int64   `json:"packets"`
}
