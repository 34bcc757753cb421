package diagnosis_test

import (
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/internal/knock"
	"bothways/internal/service"
)

// TestHeldPortsAreNotAccusedWrongly changes one thing in a run whose held port would
// otherwise have a finding about the router, and says what must be left.
func TestHeldPortsAreNotAccusedWrongly(t *testing.T) {
	nobody := func(client, others int64) *evidence.CapturedHeld {
		return diagnosistest.At(knock.TCP, 443, client, others)
	}
	web, other := diagnosistest.Web("nginx", "a"), diagnosistest.Web("nginx", "b")
	inUse := []string{"cause port-in-use inbound proven"}
	bare := func(line string) *service.Said {
		s := diagnosistest.Web("", "")
		s.Line, s.Outcome = line, service.Unfit
		return s
	}
	local := diagnosistest.UnansweredWeb()
	local.Connect = "local"
	none := func(*evidence.Evidence) {}
	tests := []struct {
		name   string
		port   diagnosistest.Port
		change func(*evidence.Evidence)
		result diagnosis.PortResult
		want   []string
	}{
		{"unanswered, and somebody's packets were counted: a router may hide the client",
			diagnosistest.Port{Outside: diagnosistest.UnansweredWeb(), Inside: web, AtMachine: nobody(0, 1)}, none, diagnosis.PortInUse, inUse},
		{"unanswered, and it reached the machine",
			diagnosistest.Port{Outside: diagnosistest.UnansweredWeb(), Inside: web, AtMachine: nobody(2, 0)}, none, diagnosis.PortInUse, inUse},
		{"unanswered, and the count shows nothing of this client",
			diagnosistest.Port{Outside: diagnosistest.UnansweredWeb(), Inside: web, AtMachine: nobody(0, 0)},
			func(ev *evidence.Evidence) { c := ev.Responder.Capture; c.SIP, c.UDP, c.TCP = 0, nil, nil }, diagnosis.PortInUse, inUse},
		{"unanswered, and the count shows this client at another held port",
			diagnosistest.Port{Outside: diagnosistest.UnansweredWeb(), Inside: web, AtMachine: nobody(0, 0)},
			func(ev *evidence.Evidence) {
				c := ev.Responder.Capture
				c.SIP, c.UDP, c.TCP = 0, nil, nil
				c.Held = append(c.Held, *diagnosistest.At(knock.TCP, 80, 2, 0))
			}, diagnosis.PortRequestLost, []string{"cause port-not-forwarded inbound likely"}},
		{"unanswered, and the count was none",
			diagnosistest.Port{Outside: diagnosistest.UnansweredWeb(), Inside: web, AtMachine: nobody(0, 0)},
			func(ev *evidence.Evidence) { ev.Responder.Capture.Missing = "no right" }, diagnosis.PortInUse, inUse},
		{"unanswered, and another port was counted",
			diagnosistest.Port{Outside: diagnosistest.UnansweredWeb(), Inside: web, AtMachine: diagnosistest.At(knock.UDP, 443, 0, 0)}, none, diagnosis.PortInUse, inUse},
		{"answered, and somebody's packets were counted",
			diagnosistest.Port{Outside: web, Inside: web, AtMachine: nobody(0, 3)}, none, diagnosis.PortByPBX, nil},
		{"the question never left", diagnosistest.Port{Outside: local, Inside: web, AtMachine: nobody(0, 0)}, none, diagnosis.PortInUse, inUse},
		{"another certificate, and it reached the machine",
			diagnosistest.Port{Outside: other, Inside: web, AtMachine: nobody(1, 0)}, none, diagnosis.PortInUse, inUse},
		{"another certificate, on a path that opens TLS",
			diagnosistest.Port{Outside: other, Inside: web}, func(ev *evidence.Evidence) {
				seen := diagnosistest.Site{Intercepted: true}.Run()
				ev.Responder.Sockets, ev.Pairing.Attempts = seen.Responder.Sockets, seen.Pairing.Attempts
			}, diagnosis.PortInUse, []string{"cause tls-intercepted inbound proven", "cause port-in-use inbound proven"}},
		{"a certificate, and none inside to compare", diagnosistest.Port{Outside: other}, none, diagnosis.PortByPBX, nil},
		{"a fitting answer, and none inside", diagnosistest.Port{Outside: web, Inside: diagnosistest.Wordless()}, none, diagnosis.PortInUse, inUse},
		{"something else is spoken, inside too", diagnosistest.Port{Outside: bare("SSH-2.0-x"), Inside: bare("SSH-2.0-x")}, none, diagnosis.PortInUse, inUse},
		{"silent to strangers", diagnosistest.Port{Outside: diagnosistest.Wordless(), Inside: web}, none, diagnosis.PortInUse, inUse},
		{"something else is spoken outside", diagnosistest.Port{Outside: bare("SSH-2.0-x"), Inside: web}, none, diagnosis.PortAnotherHost,
			[]string{"cause forward-to-wrong-host inbound likely"}},
		{"something else is spoken, at the machine", diagnosistest.Port{Outside: bare("SSH-2.0-x"), Inside: web, AtMachine: nobody(1, 0)}, none,
			diagnosis.PortInUse, inUse},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.port.Fate = diagnosistest.Held
			ev := diagnosistest.Knocked(tt.port, diagnosistest.Port{Number: 5222})
			tt.change(ev)
			d := diagnosis.Diagnose(ev)
			wantFindings(t, d, tt.want)
			for _, c := range d.Checks {
				if c.Port != nil && c.Port.Number == 443 && c.Port.Result != tt.result {
					t.Errorf("%s, want %s: %s", c.Port.Result, tt.result, c.Summary)
				}
			}
		})
	}
}

// TestProofs: why it was the PBX that answered.
func TestProofs(t *testing.T) {
	for run, want := range map[string]diagnosis.Proof{
		"busy-counted": diagnosis.ByCapture, "busy-wordless": diagnosis.ByCapture, "busy-certificate": diagnosis.ByCertificate,
		"busy-protocol": diagnosis.ByProtocol, "busy-unanswered": "", "busy-elsewhere": "",
	} {
		for _, c := range diagnosis.Diagnose(diagnosistest.Find(run)).Checks {
			if c.Port != nil && c.Port.Service != nil && c.Port.Service.Proof != want {
				t.Errorf("%s: %q, want %q", run, c.Port.Service.Proof, want)
			}
		}
	}
}
