package evidence_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// invite, ok and bye are messages of the check "call" of the run "abc".
func invite(cseq int) string {
	return strings.Join([]string{"INVITE sip:x@192.0.2.1 SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKabc-call.i%d", cseq),
		"From: <sip:abc@10.0.0.1>;tag=abc-call", "To: <sip:x@192.0.2.1>", "Call-ID: abc-call", fmt.Sprintf("CSeq: %d INVITE", cseq), "Content-Length: 0", "", ""}, "\r\n")
}

func ok(cseq int, tag string) string {
	_, rest, _ := strings.Cut(invite(cseq), "\r\n")
	return "SIP/2.0 200 OK\r\n" + strings.Replace(rest, "To: <sip:x@192.0.2.1>", "To: <sip:x@192.0.2.1>;tag="+tag, 1)
}

func TestPassages(t *testing.T) {
	swap := func(s string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(s) }
	tests := []struct {
		name          string
		sent, arrived []string
		want          []string // name, copies sent, and the content that arrived with its copies
	}{
		{"as sent, with retransmissions", []string{invite(1), invite(1), invite(2)}, []string{invite(1), invite(2), invite(1)},
			[]string{"INVITE 2: same 2", "INVITE 1: same 1"}},
		{"lost", []string{invite(1), invite(1), invite(2)}, []string{invite(2)}, []string{"INVITE 2:", "INVITE 1: same 1"}},
		{"one copy changed", []string{invite(1), invite(1)}, []string{invite(1), swap(invite(1), "10.0.0.1:5060", "203.0.113.1:9")},
			[]string{"INVITE 2: same 1 other 1"}},
		{"another Call-ID", []string{invite(1)}, []string{swap(invite(1), "Call-ID: abc-call", "Call-ID: zzz")}, []string{"INVITE 1: other 1"}},
		{"another branch", []string{invite(1)}, []string{swap(invite(1), "z9hG4bKabc-call.i1", "z9hG4bKzzz")}, []string{"INVITE 1: other 1"}},
		{"another Call-ID and branch", []string{invite(1)}, []string{swap(invite(1), "z9hG4bKabc-call.i1", "z9hG4bKzzz", "Call-ID: abc-call", "Call-ID: zzz")},
			[]string{"INVITE 1: other 1"}},
		{"another Call-ID and tag", []string{invite(1)}, []string{swap(invite(1), "tag=abc-call", "tag=zzz", "Call-ID: abc-call", "Call-ID: zzz")},
			[]string{"INVITE 1: other 1"}},
		{"nothing left of it", []string{invite(1)}, []string{swap(invite(1), "abc-call", "zzz")}, []string{"INVITE 1:"}},
		{"two requests, both changed", []string{invite(1), invite(2)}, []string{swap(invite(2), "5060", "9"), swap(invite(1), "5060", "9")},
			[]string{"INVITE 1: other 1", "INVITE 1: other 1"}},
		{"another method and CSeq", []string{invite(1)}, []string{swap(invite(1), "INVITE", "INVEST")}, []string{"INVITE 1: other 1"}},
		{"answers to two copies of a question", []string{ok(1, "a"), ok(1, "b")}, []string{swap(ok(1, "b"), "5060", "9"), ok(1, "a")},
			[]string{"200 to INVITE 1: same 1", "200 to INVITE 1: other 1"}},
		{"somebody else's answer", []string{ok(1, "a")}, []string{swap(ok(1, "a"), "200 OK", "403 Forbidden")}, []string{"200 to INVITE 1:"}},
		{"of another check", []string{invite(1)}, []string{swap(invite(1), "abc-call", "abc-call2")}, []string{"INVITE 1:"}},
		{"keep-alives", []string{"\r\n\r\n"}, []string{"\r\n"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ev := evidence.Evidence{Run: evidence.Run{ID: "abc"}, Responder: &evidence.Ledger{}}
			for _, s := range tt.sent {
				ev.Client.Tape = append(ev.Client.Tape, message(true, sipprobe.UDP, "", s), message(true, sipprobe.UDP, "not sent: no route", s+" "))
			}
			for _, s := range tt.arrived {
				ev.Responder.Tape = append(ev.Responder.Tape, message(false, sipprobe.UDP, "not handled", s), message(false, sipprobe.TCP, "", s))
			}
			var got []string
			for _, p := range ev.Passages() {
				got = append(got, outcome(p))
				if p.Token != "call" {
					t.Errorf("token %q", p.Token)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func outcome(p evidence.Passage) string {
	s := fmt.Sprintf("%s %d:", p.Name(), p.Copies)
	for _, a := range p.Arrivals {
		kind := "other"
		if string(a.Received.Data) == string(p.Sent.Data) {
			kind = "same"
		}
		s += fmt.Sprintf(" %s %d", kind, a.Copies)
	}
	return s
}

func TestPassagesNeedBothTapes(t *testing.T) {
	whole := func() *evidence.Evidence {
		return &evidence.Evidence{Run: evidence.Run{ID: "abc"}, Responder: &evidence.Ledger{},
			Client: evidence.Ledger{Tape: []sipprobe.Record{message(true, sipprobe.UDP, "", invite(1))}}}
	}
	if got := whole().Passages(); len(got) != 1 || got[0].Arrived() != 0 || got[0].SDP {
		t.Errorf("%+v", got)
	}
	for name, change := range map[string]func(*evidence.Evidence){
		"no ledger":              func(ev *evidence.Evidence) { ev.Responder = nil },
		"the client's is cut":    func(ev *evidence.Evidence) { ev.Client.TapeDropped = 1 },
		"the responder's is cut": func(ev *evidence.Evidence) { ev.Responder.TapeDropped = 1 },
	} {
		ev := whole()
		if change(ev); ev.Passages() != nil {
			t.Errorf("%s: %+v", name, ev.Passages())
		}
	}
}

// TestReinvitesAreAKindOfTheirOwn tells what is asked in a call, and what answers it, from
// the call's own INVITE: a box may treat them otherwise.
func TestReinvitesAreAKindOfTheirOwn(t *testing.T) {
	again := strings.Replace(invite(101), "To: <sip:x@192.0.2.1>", "To: <sip:x@192.0.2.1>;tag=a", 1)
	ev := evidence.Evidence{Run: evidence.Run{ID: "abc"}, Responder: &evidence.Ledger{}}
	for _, s := range []string{invite(1), again} {
		ev.Client.Tape = append(ev.Client.Tape, message(true, sipprobe.UDP, "", s))
	}
	for _, s := range []string{ok(1, "a"), ok(101, "a")} {
		ev.Responder.Tape = append(ev.Responder.Tape, message(true, sipprobe.UDP, "", s))
	}
	var got []string
	for _, p := range ev.Passages() {
		got = append(got, p.Name())
	}
	if diff := cmp.Diff([]string{"INVITE", "re-INVITE", "200 to INVITE", "200 to re-INVITE"}, got); diff != "" {
		t.Error(diff)
	}
}
