package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// TestLargeInvites changes one thing in runs in which a large INVITE is lost, and says what
// must be left.
func TestLargeInvites(t *testing.T) {
	lost := diagnosistest.LargeInvite{Bytes: 2_400, Fragments: true}
	swallowed := diagnosistest.LargeInvite{Bytes: 2_400, Plain: 3_000}
	without := func(kind string) func(*evidence.Evidence) {
		return func(ev *evidence.Evidence) {
			ev.Checks = slices.DeleteFunc(ev.Checks, func(c evidence.Check) bool { return string(c.Kind) == kind })
		}
	}
	for _, row := range []struct {
		name  string
		run   diagnosistest.LargeInvite
		edit  func(*evidence.Evidence)
		want  []string
		check []string // the calls that the first finding names beside its own
	}{
		{"fragments are lost", lost, nil, []string{"cause fragments-dropped inbound proven"}, []string{"large-in-udp"}},
		{"nothing but the call was tried", lost, without("size"), nil, nil},
		{"another large INVITE arrives", lost, func(ev *evidence.Evidence) {
			again := ev.Client.Tape[slices.IndexFunc(ev.Client.Tape, large)]
			again.Data = []byte(strings.ReplaceAll(string(again.Data), "large-in-udp", "other-in-udp"))
			ev.Client.Tape = append(ev.Client.Tape, again)
			again.Sent = false
			ev.Responder.Tape = append(ev.Responder.Tape, again)
		}, nil, nil},
		{"the INVITE has less than the sizes that are lost", diagnosistest.LargeInvite{Bytes: 1_400, Fragments: true}, nil,
			[]string{"cause fragments-dropped inbound proven"}, nil},
		{"a message as large arrives", swallowed, nil, []string{"cause sip-alg-blocks inbound proven"}, []string{"large-in-udp"}},
		{"one that is not quite as large does", diagnosistest.LargeInvite{Bytes: 2_400, Plain: 2_390}, nil, nil, nil},
		{"none does", diagnosistest.LargeInvite{Bytes: 2_400}, nil, nil, nil},
		{"the large INVITE was never tried over TCP", swallowed, func(ev *evidence.Evidence) {
			for _, l := range []*evidence.Ledger{&ev.Client, ev.Responder} {
				l.Tape = slices.DeleteFunc(l.Tape, func(r sipprobe.Record) bool { return r.Transport == sipprobe.TCP })
			}
		}, []string{"cause sip-alg-blocks inbound likely"}, []string{"large-in-udp"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			ev := row.run.Run()
			if row.edit != nil {
				row.edit(ev)
			}
			d := diagnosis.Diagnose(ev)
			if diff := cmp.Diff(row.want, findings(d)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(d.Findings) > 0 && slices.Contains(d.Findings[0].Checks, "large-in-udp") != (row.check != nil) {
				t.Errorf("the finding names %v", d.Findings[0].Checks)
			}
			last := d.Checks[len(d.Checks)-1]
			if want := "bytes over UDP never arrived"; last.Verdict != diagnosis.Fail || !strings.Contains(last.Summary, want) {
				t.Errorf("%s %s, want %q", last.Verdict, last.Summary, want)
			}
		})
	}
}

// large is true for the INVITE over UDP that is lost.
func large(r sipprobe.Record) bool {
	return r.Sent && r.Transport == sipprobe.UDP && strings.HasPrefix(string(r.Data), "INVITE") && len(r.Data) > 1_300
}
