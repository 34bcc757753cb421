package interop_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
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
var phoneRows = map[string]struct {
	transport sipprobe.Transport
	codec     rtpprobe.Codec
	host      netip.Addr
}{
	"udp":         {sipprobe.UDP, rtpprobe.PCMU, loopback},
	"tcp":         {sipprobe.TCP, rtpprobe.PCMA, loopback},
	"tls":         {sipprobe.TLS, rtpprobe.PCMU, loopback},
	"udp on ipv6": {sipprobe.UDP, rtpprobe.PCMA, loopback6},
}

// told is what the responder logs of a call without the key.
type told struct {
	From         netip.AddrPort     `json:"from"`
	Transport    sipprobe.Transport `json:"transport"`
	Ended        string             `json:"ended"`
	PacketsSent  int64              `json:"packets_sent"`
	ToneHeardMS  float64            `json:"tone_heard_ms"`
	OtherAudioMS float64            `json:"other_audio_ms"`
	PacketsHeard int64              `json:"packets_received"`
}

// lastWords waits for what the responder logs when a call is over.
func lastWords(t *testing.T, log *output) (got told) {
	t.Helper()
	if !networktest.Eventually(time.Minute, func() bool { return log.has("tone_heard_ms") }) {
		t.Fatal("the responder has not noticed the end of the call")
	}
	if err := json.Unmarshal([]byte(log.String()), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestBaresipCalls has a real phone call the responder: each hears the other's tone.
func TestBaresipCalls(t *testing.T) {
	t.Parallel()
	for name, row := range phoneRows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log output
			r := start(t, func(c *responder.Config) {
				c.Listen, c.AnswerAnyone, c.Logger = []netip.Addr{row.host}, true, slog.New(slog.NewJSONHandler(&log, nil))
			})
			p := startPhone(t, row.host, rtpprobe.InboundTone, row.codec)
			p.dial(t, addressOf(r, row.transport), row.transport)
			if heard, recorded := p.hears(t, rtpprobe.OutboundTone, 2*time.Second); heard < 2*time.Second {
				t.Errorf("the phone heard %v of the responder's tone in %v", heard, recorded)
			}
			p.hangUp()
			got := lastWords(t, &log)
			if got.Ended != "the far end hung up" || got.Transport != row.transport || got.From.Addr() != row.host ||
				got.ToneHeardMS < 1800 || got.OtherAudioMS > 100 || got.PacketsHeard < 90 || got.PacketsSent < 90 {
				t.Errorf("the responder tells of %+v", got)
			}
		})
	}
}

// TestBaresipHolds has the phone ask for hold in a call: whatever the answer, it comes
// once, and the call goes on.
func TestBaresipHolds(t *testing.T) {
	t.Parallel()
	r := start(t, answerAnyone)
	p := startPhone(t, loopback, rtpprobe.InboundTone, rtpprobe.PCMU)
	p.dial(t, addressOf(r, sipprobe.UDP), sipprobe.UDP)
	p.hears(t, rtpprobe.OutboundTone, time.Second)
	fmt.Fprintln(p.say, "/hold")
	answers := func() int {
		_, since, _ := strings.Cut(p.out.String(), "call: hold")
		since, _, _ = strings.Cut(since, "\nBYE ")
		return strings.Count(since, "SIP/2.0 200 ") + strings.Count(since, "SIP/2.0 488 ")
	}
	if !networktest.Eventually(time.Minute, func() bool { return answers() > 0 }) {
		t.Fatal("the phone got no answer")
	}
	if networktest.Eventually(2*time.Second, func() bool { return answers() > 1 || p.out.has("terminated") }) {
		t.Errorf("%d answers, or the call is over", answers())
	}
	p.hangUp()
	if !networktest.Eventually(time.Minute, func() bool { return p.out.has("terminated (duration") }) {
		t.Error("the phone cannot hang up")
	}
}

// TestCallToBaresip calls a real phone, which knows nothing of this program.
func TestCallToBaresip(t *testing.T) {
	t.Parallel()
	for name, row := range phoneRows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPhone(t, row.host, rtpprobe.OutboundTone, row.codec)
			e := plain(t, row.host, row.transport)
			p.connect(t, e)
			to := sipprobe.Target{Peer: p.reach(row.transport), User: "phone", Token: "phone-" + string(row.transport)}
			end := call.Place(t.Context(), e, to, toPhone(row.host, row.codec, 3*time.Second))
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
func toPhone(own netip.Addr, codec rtpprobe.Codec, talk time.Duration) call.Setup {
	return call.Setup{
		Network: network.Host{}, Local: own, Public: own,
		Check:     scenarios.Check{ID: "phone", Kind: scenarios.CallKind, Call: &scenarios.Call{TalkMs: int(talk.Milliseconds()), Codec: codec.String()}},
		Behaviour: scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchNever, Audio: scenarios.ToneAudio, Rport: true},
		Allow:     func(to netip.AddrPort) bool { return to.Addr() == own },
	}
}

// plain is an endpoint without a key.
func plain(t *testing.T, own netip.Addr, transport sipprobe.Transport) *sipprobe.Endpoint {
	t.Helper()
	cfg := sipprobe.EndpointConfig{Transport: transport}
	if transport == sipprobe.UDP {
		cfg.PacketConn = packetConn(t, own)
	}
	e, err := sipprobe.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
