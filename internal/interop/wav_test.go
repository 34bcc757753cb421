package interop_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"bothways/rtpprobe"
)

// A wavHeader is that of a file with 16-bit samples of one channel, 8,000 a second.
type wavHeader struct {
	RIFF       [4]byte
	Size       uint32
	WAVE, Fmt  [4]byte
	FmtSize    uint32
	Format     uint16
	Channels   uint16
	Rate       uint32
	ByteRate   uint32
	BlockAlign uint16
	Bits       uint16
	Data       [4]byte
	DataSize   uint32
}

const sampleRate = 8000

// wav is a file with a tone.
func wav(tone rtpprobe.Tone, long time.Duration) []byte {
	n := uint32(long.Seconds() * sampleRate)
	h := wavHeader{RIFF: [4]byte([]byte("RIFF")), Size: 36 + 2*n, WAVE: [4]byte([]byte("WAVE")), Fmt: [4]byte([]byte("fmt ")), FmtSize: 16,
		Format: 1, Channels: 1, Rate: sampleRate, ByteRate: 2 * sampleRate, BlockAlign: 2, Bits: 16, Data: [4]byte([]byte("data")), DataSize: 2 * n}
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, h)
	samples := make([]int16, n)
	for i := range samples {
		samples[i] = int16(7050 * math.Sin(2*math.Pi*float64(tone)*float64(i)/sampleRate))
	}
	binary.Write(&b, binary.LittleEndian, samples)
	return b.Bytes()
}

// samplesOf are those of such a file, of which the end may not be written yet.
func samplesOf(file []byte) []int16 {
	header := binary.Size(wavHeader{})
	if len(file) < header {
		return nil
	}
	samples := make([]int16, (len(file)-header)/2)
	binary.Decode(file[header:], binary.LittleEndian, samples)
	return samples
}

// toneIn says how much of a recording is a tone, in blocks of 20 ms that hold nine
// tenths of their energy at it (the Goertzel algorithm).
func toneIn(samples []int16, tone rtpprobe.Tone) (heard, recorded time.Duration) {
	const block = sampleRate / 50
	coefficient := 2 * math.Cos(2*math.Pi*float64(tone)/sampleRate)
	for ; len(samples) >= block; samples = samples[block:] {
		var energy, a, b float64
		for _, s := range samples[:block] {
			x := float64(s)
			energy += x * x
			a, b = x+coefficient*a-b, a
		}
		recorded += 20 * time.Millisecond
		if energy > block*1000*1000 && 2*(a*a+b*b-coefficient*a*b)/(energy*block) > 0.9 {
			heard += 20 * time.Millisecond
		}
	}
	return heard, recorded
}

func TestToneIn(t *testing.T) {
	t.Parallel()
	for _, sent := range []rtpprobe.Tone{rtpprobe.InboundTone, rtpprobe.OutboundTone, 0, 1100} {
		for _, wanted := range []rtpprobe.Tone{rtpprobe.InboundTone, rtpprobe.OutboundTone} {
			heard, recorded := toneIn(samplesOf(wav(sent, time.Second)), wanted)
			if want := map[bool]time.Duration{true: time.Second}[sent == wanted]; heard != want || recorded != time.Second {
				t.Errorf("%v Hz of %v Hz: %v of %v, want %v", wanted, sent, heard, recorded, want)
			}
		}
	}
}
