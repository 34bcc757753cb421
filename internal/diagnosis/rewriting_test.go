package diagnosis_test

import (
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestFormsAreJudged changes one thing in a check that shows two forms to the path.
func TestFormsAreJudged(t *testing.T) {
	for name, row := range map[string]struct {
		transport sipprobe.Transport
		change    func(*evidence.Evidence, *evidence.RewritingFacts)
		verdict   diagnosis.Verdict
		summary   string
	}{
		"both are answered": {sipprobe.UDP, func(*evidence.Evidence, *evidence.RewritingFacts) {}, diagnosis.Pass, "2 requests in different forms arrived and were answered"},
		"an answer is lost": {sipprobe.UDP, func(_ *evidence.Evidence, f *evidence.RewritingFacts) { f.Shown[1].Status = 0 },
			diagnosis.Fail, "1 arrived, and the answer was lost (invite-sdp)"},
		"an answer is late": {sipprobe.UDP, func(ev *evidence.Evidence, f *evidence.RewritingFacts) {
			f.Shown[1].Status = 0
			ev.Client.Tape = append(ev.Client.Tape, sipprobe.Record{Transport: sipprobe.UDP, Data: []byte("SIP/2.0 401 Unauthorized\r\nCall-ID: " + f.Shown[1].Token + "\r\n\r\n")})
		}, diagnosis.Inconclusive, "1 arrived, and the answer came when nobody waited for it any more (invite-sdp)"},
		"a connection whose far end stood still": {sipprobe.TCP, func(ev *evidence.Evidence, f *evidence.RewritingFacts) {
			f.Shown[0].Status, f.Shown[1] = 0, sipprobe.Shown{Form: "invite-sdp"}
			ev.Client.Tape = append(ev.Client.Tape, sipprobe.Record{Transport: sipprobe.TCP, Data: []byte("SIP/2.0 401 Unauthorized\r\nCall-ID: " + f.Shown[0].Token + "\r\n\r\n")})
		}, diagnosis.Inconclusive, "1 arrived, and the answer came when nobody waited for it any more (options)"},
		"one never arrives": {sipprobe.UDP, func(ev *evidence.Evidence, f *evidence.RewritingFacts) {
			f.Shown[1].Status, f.Shown[1].Token = 0, "gone"
		}, diagnosis.Fail, "1 never arrived (invite-sdp)"},
		"and the tape is not whole": {sipprobe.UDP, func(ev *evidence.Evidence, f *evidence.RewritingFacts) {
			f.Shown[1].Status, f.Shown[1].Token, ev.Responder.TapeDropped = 0, "gone", 1
		}, diagnosis.Inconclusive, "the tape of what arrived is not whole"},
		"a machine that cannot send": {sipprobe.UDP, func(_ *evidence.Evidence, f *evidence.RewritingFacts) {
			f.Shown[1] = sipprobe.Shown{Form: "invite-sdp"}
		},
			diagnosis.Inconclusive, "could not be sent by this end's own machine (invite-sdp)"},
		"a connection that ended": {sipprobe.TCP, func(_ *evidence.Evidence, f *evidence.RewritingFacts) {
			f.Shown[1] = sipprobe.Shown{Form: "invite-sdp"}
		},
			diagnosis.Fail, "because the connection had ended or answered nothing any more (invite-sdp)"},
		"nothing was shown": {sipprobe.UDP, func(_ *evidence.Evidence, f *evidence.RewritingFacts) {
			f.Shown, f.Missing = nil, "the responder could not show them"
		},
			diagnosis.Inconclusive, "the responder could not show them"},
		"no ledger of the responder": {sipprobe.UDP, func(ev *evidence.Evidence, _ *evidence.RewritingFacts) { ev.Responder = nil },
			diagnosis.Inconclusive, "nobody knows what arrived"},
	} {
		ev := diagnosistest.Site{}.Run()
		facts := &evidence.RewritingFacts{}
		for _, form := range []string{"options", "invite-sdp"} {
			token := ev.Run.Token("rewriting") + "-" + form
			facts.Shown = append(facts.Shown, sipprobe.Shown{Form: form, Token: token, Copies: 3, Status: 401})
			ev.Responder.Tape = append(ev.Responder.Tape, sipprobe.Record{Transport: row.transport, Data: []byte("INVITE sip:x SIP/2.0\r\nCall-ID: " + token + "\r\n\r\n")})
		}
		ev.Checks = append(ev.Checks, evidence.Check{Check: scenarios.Check{ID: "rewriting", Kind: scenarios.RewritingKind,
			Direction: scenarios.Inbound, Transport: scenarios.Transport(row.transport)}, Rewriting: facts})
		row.change(ev, facts)
		checks := diagnosis.Diagnose(ev).Checks
		if got := checks[len(checks)-1]; got.Verdict != row.verdict || !strings.Contains(got.Summary, row.summary) {
			t.Errorf("%s: %s: %s", name, got.Verdict, got.Summary)
		}
	}
}
