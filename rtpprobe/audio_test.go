package rtpprobe_test

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// What 200 ms of audio were heard as.
type heard struct{ Tone, Own, Silence, Other float64 }

func TestAudio(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	tone := func(hz, amplitude float64) func(rtpprobe.Codec, int, int) []byte {
		return func(c rtpprobe.Codec, start, n int) []byte { return sine(c, hz, amplitude, start, n) }
	}
	sounds := map[string]struct {
		payload func(codec rtpprobe.Codec, start, n int) []byte
		want    heard
	}{
		"wanted":        {tone(1004, 7050), heard{Tone: 240}},
		"wanted, faint": {tone(1004, 300), heard{Tone: 240}},
		"wanted, loud":  {tone(1004, 60000), heard{Tone: 240}},
		"own":           {tone(404, 7050), heard{Own: 240}},
		"another":       {tone(700, 7050), heard{Other: 240}},
		"silence":       {tone(0, 0), heard{Silence: 240}},
		"near silence":  {tone(1004, 30), heard{Silence: 240}},
		"noise": {func(c rtpprobe.Codec, _, n int) []byte {
			b := make([]byte, n)
			for i := range b {
				b[i] = c.Encode(int16(noise.IntN(16000) - 8000))
			}
			return b
		}, heard{Other: 240}},
		"wanted in noise": {func(c rtpprobe.Codec, start, n int) []byte {
			b := sine(c, 1004, 7050, start, n)
			for i := range b {
				b[i] = c.Encode(c.Decode(b[i]) + int16(noise.IntN(8000)-4000))
			}
			return b
		}, heard{Tone: 240}},
		"wanted over an echo": {func(c rtpprobe.Codec, start, n int) []byte {
			b, echo := sine(c, 1004, 7050, start, n), sine(c, 404, 4000, start, n)
			for i := range b {
				b[i] = c.Encode(c.Decode(b[i]) + c.Decode(echo[i]))
			}
			return b
		}, heard{Tone: 240}},
	}
	for name, sound := range sounds {
		for _, codec := range []rtpprobe.Codec{rtpprobe.PCMU, rtpprobe.PCMA} {
			for _, ptime := range []int{10, 20, 30, 40, 60} {
				got := listen(t, codec, ptime, sound.payload)
				if diff := cmp.Diff(sound.want, got); diff != "" {
					t.Errorf("%s, %v, %d ms: %s", name, codec, ptime, diff)
				}
			}
		}
	}
}

// listen feeds 240 ms of audio, in any order, to a stream that wants 1004 Hz and sends 404.
func listen(t *testing.T, codec rtpprobe.Codec, ptime int, payload func(rtpprobe.Codec, int, int) []byte) heard {
	cfg := rtpprobe.StreamConfig{WantTone: rtpprobe.InboundTone, SendTone: rtpprobe.OutboundTone}
	result := received(t, cfg, func(inject func(netip.AddrPort, []byte)) {
		samples := ptime * 8
		for _, i := range rand.Perm(240 / ptime) {
			header := rtp.Header{PayloadType: uint8(codec), SequenceNumber: uint16(i), Timestamp: uint32(i * samples), SSRC: 9}
			inject(far, mustMarshal(t, header, nil, payload(codec, i*samples, samples)))
		}
	})
	r := result.Received
	return heard{r.ToneHeardMS, r.OwnToneMS, r.SilenceMS, r.OtherAudioMS}
}

// TestOtherPayload counts what is not G.711, and leaves it out of the audio.
func TestOtherPayload(t *testing.T) {
	result := received(t, rtpprobe.StreamConfig{}, func(inject func(netip.AddrPort, []byte)) {
		inject(far, mustMarshal(t, rtp.Header{PayloadType: 96, SSRC: 9}, nil, make([]byte, 4)))
	})
	r := result.Received
	if r.OtherPayload != 1 || r.Packets != 1 || r.OtherAudioMS+r.SilenceMS != 0 {
		t.Errorf("got %+v", r)
	}
}
