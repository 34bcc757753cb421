package rtpprobe_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

// TestCodecVectors holds values of ITU-T G.711 tables 1a to 2b, scaled to 16 bits.
func TestCodecVectors(t *testing.T) {
	for _, v := range []struct {
		codec  rtpprobe.Codec
		linear int16
		code   byte
	}{
		{rtpprobe.PCMU, 0, 0xff}, {rtpprobe.PCMU, 8, 0xfe}, {rtpprobe.PCMU, -8, 0x7e},
		{rtpprobe.PCMU, 120, 0xf0}, {rtpprobe.PCMU, 132, 0xef},
		{rtpprobe.PCMU, 32124, 0x80}, {rtpprobe.PCMU, -32124, 0x00},
		{rtpprobe.PCMA, 8, 0xd5}, {rtpprobe.PCMA, -8, 0x55}, {rtpprobe.PCMA, 24, 0xd4},
		{rtpprobe.PCMA, 264, 0xc5}, {rtpprobe.PCMA, 528, 0xf5},
		{rtpprobe.PCMA, 32256, 0xaa}, {rtpprobe.PCMA, -32256, 0x2a},
	} {
		if got := v.codec.Encode(v.linear); got != v.code {
			t.Errorf("%v.Encode(%d) = %#02x, want %#02x", v.codec, v.linear, got, v.code)
		}
		if got := v.codec.Decode(v.code); got != v.linear {
			t.Errorf("%v.Decode(%#02x) = %d, want %d", v.codec, v.code, got, v.linear)
		}
	}
}

// TestCodecMilliwatt decodes the digital milliwatt of G.711 tables 5 and 6: one period of a sine of
// 1 kHz, of which both codecs must make nearly the same.
func TestCodecMilliwatt(t *testing.T) {
	mu := []byte{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e}
	a := []byte{0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4}
	for i := range mu {
		one, other := int(rtpprobe.PCMU.Decode(mu[i])), int(rtpprobe.PCMA.Decode(a[i]))
		if diff := one - other; max(diff, -diff) > 600 || one*other <= 0 {
			t.Errorf("sample %d: %d in PCMU, %d in PCMA", i, one, other)
		}
		if half := i / 4; (one < 0) != (half == 0) {
			t.Errorf("sample %d has the wrong sign: %d", i, one)
		}
	}
}

func TestCodecRoundTrip(t *testing.T) {
	for _, codec := range []rtpprobe.Codec{rtpprobe.PCMU, rtpprobe.PCMA} {
		for code := range 256 {
			linear := codec.Decode(byte(code))
			if again := codec.Decode(codec.Encode(linear)); again != linear {
				t.Errorf("%v: %#02x is %d, encoded and decoded %d", codec, code, linear, again)
			}
		}
		for linear := -32768; linear <= 32767; linear++ {
			got := int(codec.Decode(codec.Encode(int16(linear))))
			if diff, limit := got-linear, max(linear, -linear)/32+16; max(diff, -diff) > limit && max(linear, -linear) < 32256 {
				t.Fatalf("%v: %d became %d, more than %d off", codec, linear, got, limit)
			}
		}
	}
}

func TestCodecNames(t *testing.T) {
	for name, want := range map[string]rtpprobe.Codec{"PCMU": rtpprobe.PCMU, "pcma": rtpprobe.PCMA} {
		if got, err := rtpprobe.ParseCodec(name); err != nil || got != want {
			t.Errorf("ParseCodec(%q) = %v, %v", name, got, err)
		}
	}
	if _, err := rtpprobe.ParseCodec("G729"); err == nil {
		t.Error("ParseCodec accepts G729")
	}
	if got := rtpprobe.Codec(18).String(); got != "codec(18)" {
		t.Errorf("unknown codec is %q", got)
	}
	text, err := json.Marshal([]rtpprobe.Codec{rtpprobe.PCMU, rtpprobe.PCMA})
	if diff := cmp.Diff(`["PCMU","PCMA"]`, string(text)); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if _, err := json.Marshal(rtpprobe.Codec(18)); err == nil {
		t.Error("an unknown codec is marshalled")
	}
}
