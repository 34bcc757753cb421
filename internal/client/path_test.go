package client_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/client"
	"bothways/internal/diagnosis"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// edit replaces the first match in messages over UDP, towards the responder or from it.
func edit(towards bool, pattern, replacement string) networktest.Rewriter {
	re := regexp.MustCompile(pattern)
	return func(_ networktest.Flow, sent bool, data []byte) []byte {
		at := re.FindSubmatchIndex(data)
		if sent == towards || at == nil || !bytes.Contains(data, []byte("SIP/2.0")) {
			return data
		}
		out := re.Expand(bytes.Clone(data[:at[0]]), []byte(replacement), data, at)
		return append(out, data[at[1]:]...)
	}
}

// swallow loses messages over UDP that begin like this, towards the responder.
func swallow(start string) networktest.Rewriter {
	return func(_ networktest.Flow, sent bool, data []byte) []byte {
		if !sent && bytes.HasPrefix(data, []byte(start)) {
			return nil
		}
		return data
	}
}

func both(a, b networktest.Rewriter) networktest.Rewriter {
	return func(f networktest.Flow, sent bool, data []byte) []byte { return b(f, sent, a(f, sent, data)) }
}

// boxes are what may stand on the path, what the run must find, and the fields that it
// must name.
var boxes = []struct {
	name   string
	box    networktest.Rewriter
	want   []string
	fields []string
}{
	{"nothing", nil, nil, nil},
	{"request-uri", edit(true, `(INVITE sip:[^@]*@)127\.0\.0\.1`, "${1}127.0.0.9"), []string{"sip-alg-rewrites inbound proven"}, []string{"Request-URI host"}},
	{"via", edit(true, `(Via: SIP/2.0/UDP )127\.0\.0\.1`, "${1}127.0.0.9"), []string{"sip-alg-rewrites inbound proven"}, []string{"Via[0] host"}},
	{"contact", edit(false, `(Contact: <sip:[^@]*@)127\.0\.0\.1`, "${1}127.0.0.9"), []string{"sip-alg-rewrites outbound proven"}, []string{"Contact uri host"}},
	{"call-id there and back", both(edit(true, `Call-ID: `, "Call-ID: x"), edit(false, `Call-ID: x`, "Call-ID: ")),
		[]string{"sip-alg-rewrites inbound proven", "sip-alg-rewrites outbound proven"}, []string{"Call-ID"}},
	{"sdp origin", edit(true, `(o=.*)127\.0\.0\.1`, "${1}127.0.0.9"), []string{"sip-alg-rewrites inbound proven"}, []string{"SDP session o= address"}},
	{"media port", edit(false, `m=audio \d{5}`, "m=audio 11111"), []string{"one-way-audio inbound proven", "sip-alg-rewrites outbound proven"}, []string{"SDP media[0] m= port"}},
	{"content-length", edit(true, `(?s)^(INVITE.*Content-Length: )\d+`, "${1}9"), []string{"sip-alg-rewrites inbound proven"},
		[]string{"Content-Length", "body beyond Content-Length"}},
	{"truncated", func(_ networktest.Flow, sent bool, data []byte) []byte {
		if bytes.HasPrefix(data, []byte("INVITE")) {
			return data[:300]
		}
		return data
	}, []string{"sip-alg-rewrites inbound proven"}, []string{"message length"}},
	{"spaces", edit(true, `CSeq: `, "CSeq:  "), []string{"sip-alg-rewrites inbound proven"}, []string{"name of CSeq"}},
	{"a wrong source noted", edit(true, `;rport`, ";rport=4444"), []string{"sip-alg-rewrites inbound proven"}, []string{"Via[0] rport"}},
	{"its source noted", noteSource, nil, []string{"Via[0] rport", "Via[0] received"}},
	{"invite swallowed", swallow("INVITE"), []string{"sip-alg-blocks inbound likely"}, nil},
	{"ack swallowed", swallow("ACK"), []string{"ack-lost inbound"}, nil},
}

// noteSource writes the true source into requests, as a SIP server would.
func noteSource(f networktest.Flow, sent bool, data []byte) []byte {
	if sent {
		return data
	}
	r := edit(true, `(Via: [^;]*;branch=[^;\r]*);rport\r`, "${1};rport="+port(f)+";received="+f.Remote.Addr().String()+"\r")
	return r(f, sent, data)
}

func port(f networktest.Flow) string {
	s := f.Remote.String()
	return s[len(f.Remote.Addr().String())+1:]
}

// TestTheByteIsFound runs client and responder over loopback with a box between them
// that reads SIP over UDP, and nothing else.
func TestTheByteIsFound(t *testing.T) {
	t.Parallel()
	for _, row := range boxes {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			wire := networktest.New(network.Host{})
			wire.Rewrite(row.box)
			r := startResponder(t, func(c *responder.Config) { c.Network = wire })
			s := scenarios.Scenario{Name: "path", Checks: []scenarios.Check{
				{ID: "options", Kind: scenarios.Options, Direction: scenarios.Inbound, Transport: "udp"},
				callCheck("udp", scenarios.Inbound, sipprobe.UDP, time.Second, nil), callCheck("tls", scenarios.Inbound, sipprobe.TLS, time.Second, nil),
			}}
			judge(t, against(r, s), row.want, row.fields)
		})
	}
}

// TestFormsAreFound shows the path all forms, with a box at the SIP port that swallows
// compact INVITEs and exchanges media addresses.
func TestFormsAreFound(t *testing.T) {
	t.Parallel()
	wire := networktest.New(network.Host{})
	r := startResponder(t, func(c *responder.Config) {
		c.Network, c.RTP = wire, rtpprobe.PortRange{From: 32300, To: 32399}
	})
	sip := portsOf(r)[sipprobe.UDP]
	wire.Rewrite(func(f networktest.Flow, sent bool, data []byte) []byte {
		switch {
		case f.Local.Port() != sip || sent:
			return data
		case bytes.HasPrefix(data, []byte("INVITE")) && bytes.Contains(data, []byte("\r\nv: SIP")):
			return nil
		}
		return edit(true, `c=IN IP4 127\.0\.0\.1`, "c=IN IP4 127.0.0.9")(f, sent, data)
	})
	var s scenarios.Scenario
	for _, c := range rewritings().Checks {
		if c.Direction == scenarios.Inbound && c.Transport != "tcp" {
			s.Checks = append(s.Checks, c)
		}
	}
	judge(t, against(r, s), []string{"sip-alg-rewrites inbound proven", "sip-alg-blocks inbound proven"}, []string{"SDP session c= address", "part[0] SDP session c= address"})
}

func judge(t *testing.T, cfg client.Config, want, fields []string) {
	t.Helper()
	ev := mustRun(t.Context(), t, cfg)
	whole(t, ev)
	d := diagnosis.Diagnose(ev)
	var got, named []string
	for _, f := range d.Findings {
		switch f.Code {
		case "local-fault": // a busy machine
		case "ack-lost": // as sure as the number of copies that there was time for
			got = append(got, f.Code+" "+string(f.Direction))
		default:
			got = append(got, f.Code+" "+string(f.Direction)+" "+string(f.Confidence))
		}
	}
	for _, c := range d.Changes {
		if c.Transport != sipprobe.UDP {
			t.Errorf("changed over %s: %+v", c.Transport, c)
		}
		if !slices.Contains(named, c.Field) {
			named = append(named, c.Field)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s\n%+v", diff, d.Findings)
	}
	if diff := cmp.Diff(fields, named); fields != nil && diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
	if want == nil && fields == nil && (d.Changes == nil || len(d.Changes) > 0) {
		t.Errorf("changes: %+v", d.Changes)
	}
}
