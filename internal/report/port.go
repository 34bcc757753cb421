package report

import (
	"bothways/internal/diagnosis"
	"bothways/internal/knock"
	"bothways/internal/service"
	"bothways/scenarios"
)

// Port is what both ends measured of one TCP or UDP port.
type Port struct {
	Number int `json:"number"`
	// Purpose is what the scenario says that the port is for, null when it does not.
	Purpose *string `json:"purpose"`
	// Expect is what the scenario wants the port to be, "open" or "closed".
	Expect scenarios.Expectation `json:"expect"`
	// Result is "open", "request-lost", "reply-lost", "wrong-port", "another-host",
	// "in-use", "answered-by-pbx" or "inconclusive".
	Result diagnosis.PortResult `json:"result"`
	// Connect is how the opening of the TCP connection ended: "open", "refused",
	// "timeout", "unreachable" or "local"; null over UDP.
	Connect *string `json:"connect"`
	// KnocksSent and KnocksArrived are null when that end's ledger is missing.
	KnocksSent    *int `json:"knocks_sent"`
	KnocksArrived *int `json:"knocks_arrived"`
	// ArrivedOn is the port on which knocks arrived, null when none did.
	ArrivedOn *int `json:"arrived_on"`
	// AnsweredBy is what answered without proof, null when nothing did.
	AnsweredBy *AnsweredBy `json:"answered_by"`
	// ICMP is null where it cannot be heard, as over TCP.
	ICMP []PortICMP `json:"icmp"`
	// Service is what the program that holds the port said of itself; null when it was
	// not asked.
	Service *Service `json:"service"`
}

// A Service is a program of the PBX that holds a port, asked in the port's own protocol.
type Service struct {
	Protocol string `json:"protocol"`
	// Proof is "capture" (what the client sent was counted on the responder's machine),
	// "certificate" (the same outside and inside) or "protocol" (another machine that runs
	// the same would answer as well); null where it is not known that the PBX answered.
	Proof   *string `json:"proof"`
	Outside *Said   `json:"outside"`
	// Inside is null when the responder did not ask.
	Inside *Said `json:"inside"`
}

// Said is what a service said; what it did not say is null.
type Said struct {
	// Outcome is "fits", "unfit", "silent", "closed", "not-connected" or "not-sent".
	Outcome            string   `json:"outcome"`
	Line               *string  `json:"line"`
	Software           *string  `json:"software"`
	Stream             *string  `json:"stream"`
	CertificateSHA256  *string  `json:"certificate_sha256"`
	CertificateSubject *string  `json:"certificate_subject"`
	RTTMs              *float64 `json:"rtt_ms"`
	Error              *string  `json:"error"`
}

func buildService(s *diagnosis.Service) *Service {
	if s == nil {
		return nil
	}
	return &Service{Protocol: string(s.Outside.Protocol), Proof: orNull(string(s.Proof)), Outside: buildSaid(s.Outside), Inside: buildSaid(s.Inside)}
}

func buildSaid(s *service.Said) *Said {
	if s == nil {
		return nil
	}
	return &Said{
		Outcome: string(s.Outcome), Line: orNull(s.Line), Software: orNull(s.Software), Stream: orNull(s.Stream), RTTMs: s.RTTMs, Error: orNull(s.Error),
		CertificateSHA256: orNull(s.CertificateSHA256), CertificateSubject: orNull(s.CertificateSubject),
	}
}

// AnsweredBy is what answered without proof: Text begins its answer, in hexadecimal
// after "hex " where it is no text.
type AnsweredBy struct {
	Address string `json:"address"`
	Bytes   int    `json:"bytes"`
	Text    string `json:"text"`
}

// A PortICMP is what somebody said of the knocks: evidence, which anybody could forge.
type PortICMP struct {
	// From is null where the system does not say.
	From    *string `json:"from"`
	Meaning string  `json:"meaning"`
	Count   int     `json:"count"`
}

func buildPort(m *diagnosis.Port) *Port {
	if m == nil {
		return nil
	}
	p := &Port{
		Number: int(m.Number), Purpose: orNull(m.Purpose), Expect: m.Expect, Result: m.Result, Connect: orNull(m.Connect),
		KnocksSent: m.Sent, KnocksArrived: m.Arrived, ICMP: buildPortICMP(m.ICMP), Service: buildService(m.Service),
	}
	if on := int(m.ArrivedOn); on != 0 {
		p.ArrivedOn = &on
	}
	if s := m.Stranger; s != nil {
		p.AnsweredBy = &AnsweredBy{Address: s.From.String(), Bytes: s.Bytes, Text: s.Head}
	}
	return p
}

func buildPortICMP(all []knock.ICMP) []PortICMP {
	if all == nil {
		return nil
	}
	out := []PortICMP{}
	for _, i := range all {
		one := PortICMP{Meaning: i.Meaning, Count: i.Count}
		if i.From.IsValid() {
			one.From = orNull(i.From.String())
		}
		out = append(out, one)
	}
	return out
}
