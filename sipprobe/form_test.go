package sipprobe_test

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"bothways/sipprobe"
)

const publicAddr = "198.51.100.1" // of clientAddr

var privateAddr = netip.MustParseAddr("192.168.1.10")

// Every form must draw the Guard's challenge: what is not answered proves less.
func TestFormsAreAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		tape := &sipprobe.Tape{}
		server := guarded(answer200)
		server.Tape = tape
		m.endpoint(t, serverAddr, server)
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{})
		for _, f := range sipprobe.Forms() {
			token := "run-" + f.Name
			got := client.Show(t.Context(), sipprobe.Target{Peer: serverAt, Token: token}, f, privateAddr)
			if got.Status != 401 || got.Copies != 1 || got.Error != "" {
				t.Errorf("%s: %+v", f.Name, got)
			}
			checkForm(t, f, string(tape.Records(token)[0].Data))
		}
	})
}

func checkForm(t *testing.T, f sipprobe.Form, text string) {
	t.Helper()
	here := publicAddr
	if f.Private {
		here = privateAddr.String()
	}
	via := "Via: SIP/2.0/UDP " + here
	if f.Compact {
		via = strings.Replace(via, "Via", "v", 1)
	}
	if !strings.Contains(text, via) || strings.Contains(text, ";rport") == f.NoRport {
		t.Errorf("%s: %s", f.Name, text)
	}
	if (f.Body != sipprobe.NoBody) != strings.Contains(text, "m=audio") {
		t.Errorf("%s: %s", f.Name, text)
	}
	if f.Private && f.Body != sipprobe.NoBody && strings.Contains(text, publicAddr) {
		t.Errorf("%s names the public address: %s", f.Name, text)
	}
}

func TestSilenceIsShownThreeTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{})
		got := client.Show(t.Context(), sipprobe.Target{Peer: serverAt, Token: "a"}, sipprobe.Forms()[0], netip.Addr{})
		if got.Status != 0 || got.Copies != 3 || got.Error != "" {
			t.Errorf("%+v", got)
		}
	})
}
