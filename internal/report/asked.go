package report

import (
	"time"

	"bothways/internal/diagnosis"
	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe/tlsprobe"
)

// Server is what somebody else's server showed to the end that asked it.
type Server struct {
	Host     string             `json:"host"`
	Port     int                `json:"port"`
	Protocol scenarios.Protocol `json:"protocol"`
	// Lookup is null where the host is an address.
	Lookup *Lookup `json:"lookup"`
	// Trials are one for each address that was tried.
	Trials []ServerTrial `json:"trials"`
	// FromClient is how the same ended from the client after it had failed from the site;
	// null where it was not tried.
	FromClient *diagnosis.Verdict `json:"from_client"`
}

// Lookup is a name looked up in DNS.
type Lookup struct {
	// Resolvers are the DNS servers that were asked.
	Resolvers []string `json:"resolvers"`
	Addresses []string `json:"addresses"`
	// Error is "not-found", "timeout", "refused", "unreachable", "failed", "not-allowed" or
	// "local"; null when there are addresses.
	Error      *string `json:"error"`
	DurationMs float64 `json:"duration_ms"`
}

// ServerTrial is one address asked. What the protocol does not have is null.
type ServerTrial struct {
	Address string            `json:"address"`
	Verdict diagnosis.Verdict `json:"verdict"`
	// Connect is "open", "timeout", "refused", "unreachable" or "local"; null over UDP.
	Connect   *string  `json:"connect"`
	ConnectMs *float64 `json:"connect_ms"`
	// ICMP is "refused" or "unreachable", null when nothing was heard.
	ICMP *string         `json:"icmp"`
	TLS  *ServerTLS      `json:"tls"`
	HTTP *ServerHTTP     `json:"http"`
	NTP  *ServerNTP      `json:"ntp"`
	SIP  *ServerResponse `json:"sip"`
}

// ServerTLS is the certificate that a server presented; null is unknown.
type ServerTLS struct {
	Version  *string    `json:"version"`
	Subject  *string    `json:"subject"`
	Issuer   *string    `json:"issuer"`
	NotAfter *time.Time `json:"not_after"`
	Trusted  *bool      `json:"trusted"`
	// Issues are what is wrong, by the codes of package tlsprobe.
	Issues []tlsprobe.Code `json:"issues"`
}

// ServerHTTP is the head of an answer; Status is null without one.
type ServerHTTP struct {
	Status   *int    `json:"status"`
	Server   *string `json:"server"`
	Location *string `json:"location"`
}

// ServerNTP is an exchange with a time server.
type ServerNTP struct {
	OffsetMs *float64 `json:"offset_ms"`
	RTTMs    *float64 `json:"rtt_ms"`
	Stratum  *int     `json:"stratum"`
	Kiss     *string  `json:"kiss"`
}

// ServerResponse is an answer to OPTIONS; Status is null without one.
type ServerResponse struct {
	Status *int     `json:"status"`
	Server *string  `json:"server"`
	RTTMs  *float64 `json:"rtt_ms"`
}

func buildServer(s *diagnosis.ServerCheck) *Server {
	if s == nil {
		return nil
	}
	out := &Server{Host: s.Host, Port: int(s.Port), Protocol: s.Protocol, Trials: []ServerTrial{}, FromClient: s.FromClient}
	if l := s.Facts.Lookup; l != nil {
		out.Lookup = &Lookup{Resolvers: texts(l.Resolvers), Addresses: texts(l.Addresses), Error: orNull(l.Error), DurationMs: l.DurationMs}
	}
	for i, t := range s.Facts.Trials {
		out.Trials = append(out.Trials, buildServerTrial(t, s.Trials[i]))
	}
	return out
}

func buildServerTrial(t evidence.ServerTrial, judged diagnosis.ServerTrial) ServerTrial {
	out := ServerTrial{Address: t.Remote.Addr().String(), Verdict: judged.Verdict, ICMP: orNull(t.ICMP)}
	if c := t.Connect; c != nil {
		out.Connect, out.ConnectMs = orNull(c.Result), &c.DurationMs
	}
	if r := t.TLS; r != nil {
		out.TLS = buildServerTLS(*r, judged.Issues)
	}
	if a := t.HTTP; a != nil {
		out.HTTP = &ServerHTTP{Status: numberOrNull(a.Status), Server: orNull(a.Server), Location: orNull(a.Location)}
	}
	if a := t.NTP; a != nil {
		out.NTP = &ServerNTP{OffsetMs: a.OffsetMs, RTTMs: a.RTTMs, Kiss: orNull(a.Kiss)}
		if a.Answered {
			out.NTP.Stratum = &a.Stratum
		}
	}
	if x := t.SIP; x != nil {
		out.SIP = &ServerResponse{Status: numberOrNull(x.Status), Server: orNull(x.Server), RTTMs: x.RTTMs}
	}
	return out
}

func buildServerTLS(r tlsprobe.Result, issues []tlsprobe.Issue) *ServerTLS {
	out := &ServerTLS{Version: orNull(r.Ordinary.Chosen), Issues: []tlsprobe.Code{}}
	if len(r.Chain) > 0 && r.Chain[0].Error == "" {
		leaf := r.Chain[0]
		out.Subject, out.Issuer, out.NotAfter = orNull(leaf.Subject), orNull(leaf.Issuer), &leaf.NotAfter
	}
	if r.Trust != nil {
		out.Trusted = &r.Trust.Trusted
	}
	for _, i := range issues {
		out.Issues = append(out.Issues, i.Code)
	}
	return out
}

// numberOrNull is null for 0, which stands for none.
func numberOrNull(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}
