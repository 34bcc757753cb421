package scenarios_test

import (
	"strings"
	"testing"

	"bothways/scenarios"
)

func TestMediaFrom(t *testing.T) {
	for side, want := range map[string]string{
		"client: {media_from: second}":     "second",
		"client: {media_from: signalling}": "",
		"client: {}":                       "",
		"responder: {media_from: second}":  "responder.media_from: the side inside has one address",
		"client: {media_from: third}":      `client.media_from: "third" is none of signalling, second`,
	} {
		s, err := scenarios.Load("x.yaml", strings.NewReader("name: x\nchecks:\n  - {id: c, kind: call, direction: inbound, transports: [udp], "+side+"}\n"))
		switch {
		case err != nil && !strings.Contains(err.Error(), want), err != nil && want == "":
			t.Errorf("%s: %v", side, err)
		case err == nil && (string(s.Checks[0].Call.Client.MediaFrom) != want || s.Checks[0].FromSecond() != (want != "")):
			t.Errorf("%s: %+v", side, s.Checks[0].Call.Client)
		}
	}
}

// TestWithSecond adds calls once, where there are calls.
func TestWithSecond(t *testing.T) {
	for name, want := range map[string]int{"trunk": 6, "nat": 0, "media-address": 6} {
		s, err := scenarios.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		before := len(s.Checks)
		for range 2 {
			if s, err = s.WithSecond(); err != nil {
				t.Fatal(err)
			}
		}
		got := 0
		for _, c := range s.Checks {
			if c.FromSecond() {
				got++
			}
		}
		again, err := scenarios.Named(name)
		if err != nil || len(again.Checks) != before || got != want {
			t.Errorf("%s: %d calls from the second address, want %d; %v", name, got, want, err)
		}
	}
}
