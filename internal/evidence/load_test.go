package evidence_test

import (
	"testing"

	"bothways/internal/evidence"
)

func TestUntaped(t *testing.T) {
	token := evidence.Run{ID: "abc"}.LoadToken("load-in-udp", 21)
	for message, want := range map[string]bool{
		"INVITE x\r\nCall-ID: " + token + "\r\n": true,
		"Call-ID: abc-load-in-udp-20\r\n":        false,
		"Call-ID: abc-load-out-tls-1999":         true,
		"Call-ID: abc-load-in-udp\r\n":           false,
		"Call-ID: abc-over-load-a-b-30":          false,
		"Call-ID: abc-call-in-udp":               false,
		"x-load-":                                false,
		"x-load-in-":                             false,
		"":                                       false,
	} {
		if got := evidence.Untaped([]byte(message)); got != want {
			t.Errorf("%q: %t", message, got)
		}
	}
}
