package responder

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/call"
	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Bounds of calls from those who do not have the key.
const (
	maxStrangers    = 8
	strangerTalk    = 60 * time.Second
	strangerTimeout = 90 * time.Second
)

// answerStranger answers a call without the key; media goes to the caller's own
// address and nowhere else, and not before the ACK has shown that it receives there.
func (r *Responder) answerStranger(in *sipprobe.Incoming) {
	if !r.admitStranger() {
		in.Reply(486, "Busy Here", sipprobe.Body{})
		return
	}
	defer r.dismissStranger()
	ctx, cancel := context.WithTimeout(r.ctx, strangerTimeout)
	defer cancel()
	check := scenarios.Check{ID: "stranger", Kind: scenarios.CallKind, Call: &scenarios.Call{
		TalkMs: int(strangerTalk.Milliseconds()), Codec: strangerCodec(in.Body),
		Setup:     scenarios.Setup{DelayedOffer: len(in.Body) == 0},
		Responder: scenarios.Behaviour{Latch: scenarios.LatchAlways, Audio: scenarios.ToneAudio, Rport: true},
	}}
	public := r.cfg.Public
	if !public.IsValid() {
		public = in.Local.Addr()
	}
	end := call.Answer(ctx, in, strangerToken(), call.Setup{
		Network: r.own, Ports: r.cfg.RTP, Local: in.Local.Addr(), Public: public, Check: check,
		Behaviour: check.Call.Responder, Inside: true, Pacer: r.pacer, AfterAck: true,
		Allow: func(to netip.AddrPort) bool { return to.Addr() == in.Source.Addr() },
	})
	r.tellOfStranger(in, end)
}

// tellOfStranger logs what such a call came to, which nobody else will ask for.
func (r *Responder) tellOfStranger(in *sipprobe.Incoming, end evidence.CallEnd) {
	facts := []any{"from", in.Source, "transport", in.Endpoint.Transport()}
	if end.Media != nil {
		heard := end.Media.Received
		facts = append(facts, "packets_sent", end.Media.Sent.Packets, "packets_received", heard.Packets,
			"tone_heard_ms", heard.ToneHeardMS, "other_audio_ms", heard.OtherAudioMS, "silence_ms", heard.SilenceMS)
	}
	facts = append(facts, "ended", cmp.Or(end.Ended, end.Fault, end.Unreadable))
	r.cfg.Logger.Info("a call without the key is over:", facts...)
}

// strangerToken marks this end's messages of such a call; it takes nothing from the
// caller's.
func strangerToken() string { return "stranger-" + strings.ToLower(rand.Text()) }

// strangerCodec is the first codec of the offer that this program speaks.
func strangerCodec(offer []byte) string {
	m, err := sipprobe.ParseMedia(offer)
	if err != nil {
		return "pcmu"
	}
	for _, p := range m.Payloads {
		switch p {
		case 0:
			return "pcmu"
		case 8:
			return "pcma"
		}
	}
	return "pcmu"
}

func (r *Responder) admitStranger() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.strangers >= maxStrangers || r.ctx.Err() != nil {
		return false
	}
	r.strangers++
	r.work.Add(1)
	return true
}

func (r *Responder) dismissStranger() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.strangers--
	r.work.Done()
}
