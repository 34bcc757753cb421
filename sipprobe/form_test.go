package sipprobe_test

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

// TestFormsAreShownAgain: a path that is interrupted for two seconds swallows no form.
func TestFormsAreShownAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		start := time.Now()
		blocked := sipprobe.Forms()[3].Name
		m.pass = func(_, to netip.AddrPort, data string) bool {
			return to != serverAt || time.Since(start) > 2*time.Second && !strings.Contains(data, "run-"+blocked)
		}
		m.endpoint(t, serverAddr, guarded(answer200))
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{})
		for _, s := range client.ShowAll(t.Context(), sipprobe.Target{Peer: serverAt, Token: "run"}, privateAddr) {
			want := sipprobe.Shown{Form: s.Form, Token: "run-" + s.Form, Copies: 4, Status: 401}
			if s.Form == blocked {
				want.Copies, want.Status = 5, 0
			}
			if s != want {
				t.Errorf("%+v, want %+v", s, want)
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestAFormThatIsAnsweredIsShownBeside: the round of those that are not has one that was.
func TestAFormThatIsAnsweredIsShownBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		start, forms := time.Now(), sipprobe.Forms()
		last := forms[len(forms)-1].Name
		m.pass = func(_, _ netip.AddrPort, data string) bool { return !strings.Contains(data, "run-"+last) }
		m.endpoint(t, serverAddr, guarded(answer200))
		client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{})
		client.ShowAll(t.Context(), sipprobe.Target{Peer: serverAt, Token: "run"}, privateAddr)
		var lost, beside []time.Duration
		for _, f := range m.flights() {
			switch {
			case f.to != serverAt:
			case strings.Contains(f.data, "run-"+last):
				lost = append(lost, f.at.Sub(start))
			case strings.Contains(f.data, "run-"+forms[0].Name+"-again"):
				beside = append(beside, f.at.Sub(start))
			}
		}
		if len(lost) != 5 || len(beside) != 1 || beside[0] < lost[0] || beside[0] > lost[4] {
			t.Errorf("lost at %v, another at %v", lost, beside)
		}
	})
}
