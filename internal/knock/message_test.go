package knock_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"bothways/internal/knock"
)

func terms() knock.Terms { return knock.Terms{ID: 0x01020304, Key: []byte("a key")} }

// TestLayout holds the bytes that both programs of a release must agree on.
func TestLayout(t *testing.T) {
	got := terms().Knock(knock.TCP, 443)
	want := "42574b01" + "01060300" + "01020304" + "01bb0000" + "010203000000000000000000" // BWK, kind, id, ports, nonce
	if text := hex.EncodeToString(got[:28]); text != want {
		t.Errorf("%s, want %s", text, want)
	}
	if len(got) != knock.Size || !bytes.HasSuffix(got, []byte("\r\n\r\n")) {
		t.Errorf("%d bytes: %q", len(got), got)
	}
	answer := terms().Answer(knock.TCP, got, 8443)
	if len(answer) != len(got) || answer[4] != 2 || hex.EncodeToString(answer[12:16]) != "01bb20fb" || !bytes.Equal(answer[16:28], got[16:28]) {
		t.Errorf("answer % x", answer)
	}
}

// TestOnlyWholeKnocksPass changes each bit of a knock in turn, and its terms.
func TestOnlyWholeKnocksPass(t *testing.T) {
	whole := terms().Knock(knock.UDP, 123)
	if terms().Answer(knock.UDP, whole, 123) == nil {
		t.Fatal("a knock is refused")
	}
	for i := range whole {
		for bit := range 8 {
			b := bytes.Clone(whole)
			b[i] ^= 1 << bit
			if terms().Answer(knock.UDP, b, 123) != nil {
				t.Errorf("byte %d, bit %d does not count", i, bit)
			}
		}
	}
	other := terms()
	other.ID++
	stranger := terms()
	stranger.Key = []byte("another key")
	for name, answer := range map[string][]byte{
		"short": terms().Answer(knock.UDP, whole[:len(whole)-1], 123), "long": terms().Answer(knock.UDP, append(bytes.Clone(whole), 0), 123),
		"empty": terms().Answer(knock.UDP, nil, 123), "over the other transport": terms().Answer(knock.TCP, whole, 123),
		"of another list": other.Answer(knock.UDP, whole, 123), "with another key": stranger.Answer(knock.UDP, whole, 123),
		"an answer": terms().Answer(knock.UDP, terms().Answer(knock.UDP, whole, 123), 123),
	} {
		if answer != nil {
			t.Errorf("%s: passes", name)
		}
	}
}

// FuzzParse: what is taken for a message is one, byte for byte.
func FuzzParse(f *testing.F) {
	for _, over := range []knock.Transport{knock.TCP, knock.UDP} {
		b := terms().Knock(over, 443)
		f.Add(b)
		f.Add(terms().Answer(over, b, 8443))
		f.Add(b[:20])
	}
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, over := range []knock.Transport{knock.TCP, knock.UDP} {
			if again, ok := terms().Parses(b, over); ok && !bytes.Equal(again, b) {
				t.Errorf("% x is taken for % x", b, again)
			}
		}
		if h := knock.Head(b); strings.ContainsAny(h, "\n\r\x00\x1b") || len(h) > 4+3*64 {
			t.Errorf("%q is no line", h)
		}
	})
}

func TestHead(t *testing.T) {
	for in, want := range map[string]string{
		"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n": "HTTP/1.1 400 Bad Request",
		"\x15\x03\x01\x00\x02\x02\x16":                  "hex 15 03 01 00 02 02 16",
		"\x1b[2Jhello":                                  "hex 1b 5b 32 4a 68 65 6c 6c 6f",
		"":                                              "",
		strings.Repeat("x", 100):                        strings.Repeat("x", 64),
	} {
		if got := knock.Head([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
