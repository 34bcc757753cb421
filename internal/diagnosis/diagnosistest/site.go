package diagnosistest

import (
	"net/netip"
	"slices"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A Site is a network with two ends, and what is wrong with it. The zero value is a
// site without fault; each field plants one.
type Site struct {
	// Transports are those of the scenario, nil = all three.
	Transports []sipprobe.Transport
	// Scenario names the scenario that the run was of, empty = "trunk".
	Scenario string
	// Closed are the transports that the router does not forward.
	Closed []sipprobe.Transport
	// Off is true when nothing of the site answers, as behind a carrier's NAT.
	Off bool
	// ColdShut: audio gets in only after the site has sent. InShut, OutShut: never.
	ColdShut, InShut, OutShut bool
	// Loss is the number of packets in 250 that are lost inbound.
	Loss int64
	// Private: the responder advertises its private address. Latch: the client latches.
	Private, Latch bool
	// Control: every call is followed by one in which the client latches.
	Control bool
	// ClientNAT: the client is behind a NAT of its own.
	ClientNAT bool
	// Silent, Looped: what the responder sends instead of its tone.
	Silent, Looped bool
	// Path is what the way does to SIP; nil leaves it alone.
	Path Path
	// SourcePort is the one that the client's NAT gives its flows; 0 keeps the client's.
	SourcePort uint16
	// PrivateContact: the responder names its private address as its Contact.
	PrivateContact bool
	// Sweeps follow the calls, at most one of each direction.
	Sweeps []Sweep
	// TLS are the servers that tls checks meet, at most one on the responder's port.
	TLS []TLSServer
	// Intercepted: something opens TLS on the responder's port. Given: the responder
	// presents a certificate that it was given.
	Intercepted, Given bool
	// Ports follow the sweeps.
	Ports []Port
	// NATs follow the sweeps, at most one of each direction.
	NATs []NAT
}

// Addresses of every site, from RFC 1918 and the documentation ranges of RFC 5737.
var (
	Public    = netip.MustParseAddr("203.0.113.10")
	Inside    = netip.MustParseAddr("192.168.1.10")
	Outside   = netip.MustParseAddr("198.51.100.20")
	BehindNAT = netip.MustParseAddr("10.20.30.40")
)

// RunID is the identity of every run.
const RunID = "00c0ffee00c0ffee"

// Started is when every run began.
var Started = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// Run is the evidence of a whole run.
func (s Site) Run() *evidence.Evidence {
	program := evidence.Program{Version: "0.1.0", Protocol: 1, OS: "linux", Arch: "amd64"}
	ev := &evidence.Evidence{
		Schema: evidence.Schema,
		Run: evidence.Run{
			ID: RunID, Started: Started, DurationMs: 41_300, Target: "pbx.example.com", Address: Public, Client: program,
		},
		Client: evidence.Ledger{Program: program, Addresses: []netip.Addr{s.client()}, Sockets: sockets(s.client())},
	}
	ev.Scenario = s.scenario()
	for _, c := range ev.Scenario.Checks {
		ev.Checks = append(ev.Checks, evidence.Check{Check: c})
	}
	s.pair(ev)
	if ev.Responder != nil {
		ev.Run.Responder = &program
		ev.Responder.Program = program
	}
	s.runChecks(ev)
	return ev
}

func (s Site) scenario() scenarios.Scenario {
	out := scenarios.Scenario{Name: s.Scenario, Title: "What the test needs"}
	if out.Name == "" {
		out.Name = "trunk"
	}
	for _, t := range s.transports() {
		out.Checks = append(out.Checks, scenarios.Check{
			ID: "options-" + string(t), Kind: scenarios.Options, Direction: scenarios.Inbound, Transport: scenarios.Transport(t),
		})
	}
	for _, d := range []scenarios.Direction{scenarios.Inbound, scenarios.Outbound} {
		for _, t := range s.transports() {
			out.Checks = append(out.Checks, s.callCheck(d, t))
		}
	}
	for _, server := range s.TLS {
		out.Checks = append(out.Checks, server.Check())
	}
	for _, sweep := range s.Sweeps {
		out.Checks = append(out.Checks, sweep.Check())
	}
	for _, p := range s.Ports {
		out.Checks = append(out.Checks, p.Check())
	}
	for _, nat := range s.NATs {
		out.Checks = append(out.Checks, nat.Check())
	}
	return out
}

func (s Site) callCheck(d scenarios.Direction, t sipprobe.Transport) scenarios.Check {
	call := scenarios.Call{TalkMs: 5000, Codec: "pcmu", MaxLossPercent: scenarios.DefaultMaxLossPercent, MinMOS: scenarios.DefaultMinMOS}
	call.Responder = scenarios.Behaviour{
		MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchFirstPacket, Rport: true, Audio: scenarios.ToneAudio,
	}
	call.Client = call.Responder
	call.Client.Latch = scenarios.LatchNever
	if s.Latch {
		call.Client.Latch = scenarios.LatchFirstPacket
	}
	if s.Private {
		call.Responder.MediaAddress = scenarios.PrivateAddress
	}
	switch {
	case s.Silent:
		call.Responder.Audio = scenarios.SilentAudio
	case s.Looped:
		call.Responder.Audio = scenarios.LoopedAudio
	}
	id := "call-in-"
	if d == scenarios.Outbound {
		id = "call-out-"
	}
	return scenarios.Check{
		ID: id + string(t), Kind: scenarios.CallKind, Direction: d, Transport: scenarios.Transport(t), Call: &call,
	}
}

func (s Site) transports() []sipprobe.Transport {
	if s.Transports == nil {
		return sipprobe.Transports()
	}
	return s.Transports
}

// closed reports whether the site lets a transport in.
func (s Site) closed(t sipprobe.Transport) bool { return s.Off || slices.Contains(s.Closed, t) }

// client is the client's own address.
func (s Site) client() netip.Addr {
	if s.ClientNAT {
		return BehindNAT
	}
	return Outside
}

func sockets(a netip.Addr) []evidence.Socket {
	var out []evidence.Socket
	for _, t := range sipprobe.Transports() {
		out = append(out, evidence.Socket{Transport: t, Address: netip.AddrPortFrom(a, t.DefaultPort())})
	}
	return out
}
