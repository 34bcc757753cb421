package pairing_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"bothways/internal/evidence"
	"bothways/internal/pairing"
)

func aPresence() pairing.Presence {
	return pairing.Presence{Program: evidence.Program{Version: "test"}, Instance: "abc",
		Local: netip.MustParseAddrPort("192.168.1.10:40000"), Dialled: netip.MustParseAddrPort("[2001:db8::1]:5061")}
}

func TestPresenceSurvivesTheWire(t *testing.T) {
	want := aPresence()
	if got, err := pairing.DecodePresence(encoded(t, want)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPresenceOutOfBounds(t *testing.T) {
	for name, row := range map[string]struct {
		data []byte
		want string
	}{
		"empty":         {nil, "EOF"},
		"bomb":          {encoded(t, pairing.Presence{Instance: strings.Repeat("a", 1<<20)}), "too large"},
		"no instance":   {encoded(t, pairing.Presence{}), "bad instance"},
		"long instance": {encoded(t, pairing.Presence{Instance: strings.Repeat("a", 17)}), "bad instance"},
		"header":        {encoded(t, pairing.Presence{Instance: "a\r\nb"}), "bad instance"},
		"no address":    {[]byte("\x1f\x8b"), "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := pairing.DecodePresence(row.data); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %+v, err = %v, want %q", p, err, row.want)
			}
		})
	}
}

func FuzzDecodePresence(f *testing.F) {
	f.Add(encoded(f, aPresence()))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pairing.DecodePresence(data)
		if err == nil && (p.Instance == "" || len(p.Instance) > 16) {
			t.Errorf("%+v", p)
		}
	})
}
