package interop_test

import (
	"encoding/json"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/call"
	"bothways/internal/network"
	"bothways/internal/network/networktest"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// phoneRows are the calls from and to the phone.
var phoneRows = []struct {
	transport sipprobe.Transport
	codec     rtpprobe.Codec
}{{sipprobe.UDP, rtpprobe.PCMU}, {sipprobe.TCP, rtpprobe.PCMA}, {sipprobe.TLS, rtpprobe.PCMU}}

// told is what the responder logs of a call without the key.
type told struct {
	From          netip.AddrPort     `json:"from"`
	Transport     sipprobe.Transport `json:"transport"`
	Ended         string             `json:"ended"`
	PacketsSent   int64              `json:"packets_sent"`
	ToneHeardMS   float64            `json:"tone_heard_ms"`
	OtherAudioMS  float64            `json:"other_audio_ms"`
	PacketsLogged int64              `json:"packets_received"`
}

// TestBaresipCalls has a real phone call the responder: each hears the other's tone.
func TestBaresipCalls(t *testing.T) {
	t.Parallel()
	for _, row := range phoneRows {
		t.Run(string(row.transport), func(t *testing.T) {
			t.Parallel()
			var log output
			r := start(t, func(c *responder.Config) {
				c.AnswerAnyone, c.Logger = true, slog.New(slog.NewJSONHandler(&log, nil))
			})
			p := startPhone(t, rtpprobe.InboundTone, row.codec)
			p.dial(t, addressOf(r, row.transport), row.transport)
			if heard, recorded := p.hears(t, rtpprobe.OutboundTone, 2*time.Second); heard < 2*time.Second {
				t.Errorf("the phone heard %v of the responder's tone in %v", heard, recorded)
			}
			p.hangUp()
			if !networktest.Eventually(5*time.Second, func() bool { return log.has("tone_heard_ms") }) {
				t.Fatal("the responder has not noticed the end of the call")
			}
			var got told
			if err := json.Unmarshal([]byte(log.String()), &got); err != nil {
				t.Fatal(err)
			}
			if got.Ended != "the far end hung up" || got.Transport != row.transport || got.From.Addr() != loopback ||
				got.ToneHeardMS < 1800 || got.OtherAudioMS > 100 || got.PacketsSent < 90 {
				t.Errorf("the responder tells of %+v", got)
			}
		})
	}
}

// TestCallToBaresip calls a real phone, which knows nothing of this program.
func TestCallToBaresip(t *testing.T) {
	t.Parallel()
	for _, row := range phoneRows {
		t.Run(string(row.transport), func(t *testing.T) {
			t.Parallel()
			p := startPhone(t, rtpprobe.OutboundTone, row.codec)
			e := plain(t, row.transport)
			p.connect(t, e)
			to := sipprobe.Target{Peer: p.reach(row.transport), User: "phone", Token: "phone-" + string(row.transport)}
			end := call.Place(t.Context(), e, to, toPhone(row.codec, 3*time.Second))
			if !end.Established || end.Fault != "" || end.Ended != "hung up" {
				t.Fatalf("%+v\n%+v", end, end.Invite)
			}
			if got := end.Media.Received; got.ToneHeardMS < 2500 || got.OtherAudioMS > 100 || got.Malformed+got.OtherPayload != 0 {
				t.Errorf("this end heard %+v", got)
			}
			if heard, recorded := p.hears(t, rtpprobe.InboundTone, 2500*time.Millisecond); heard < 2500*time.Millisecond {
				t.Errorf("the phone heard %v of this end's tone in %v", heard, recorded)
			}
			if last := end.Events[len(end.Events)-1]; last.What != "200" {
				t.Errorf("the BYE was not answered: %v", end.Events)
			}
		})
	}
}

// toPhone is this end of a call to somebody who has no key.
func toPhone(codec rtpprobe.Codec, talk time.Duration) call.Setup {
	return call.Setup{
		Network: network.Host{}, Local: loopback, Public: loopback,
		Check:     scenarios.Check{ID: "phone", Kind: scenarios.CallKind, Call: &scenarios.Call{TalkMs: int(talk.Milliseconds()), Codec: codec.String()}},
		Behaviour: scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchNever, Audio: scenarios.ToneAudio, Rport: true},
		Allow:     func(to netip.AddrPort) bool { return to.Addr() == loopback },
	}
}

// plain is an endpoint without a key.
func plain(t *testing.T, transport sipprobe.Transport) *sipprobe.Endpoint {
	t.Helper()
	cfg := sipprobe.EndpointConfig{Transport: transport}
	if transport == sipprobe.UDP {
		cfg.PacketConn = packetConn(t, loopback)
	}
	e, err := sipprobe.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
