package diagnosis_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestThePathIsNotAccusedWrongly changes one thing in a run with a box that reads SIP,
// and says what must be left.
func TestThePathIsNotAccusedWrongly(t *testing.T) {
	path := func(p diagnosistest.Path) *evidence.Evidence { return diagnosistest.Site{Path: p}.Run() }
	tests := []struct {
		name string
		ev   *evidence.Evidence
		edit func(*evidence.Evidence)
		want []string
	}{
		{"the client's tape is not whole", path(diagnosistest.Helper), func(ev *evidence.Evidence) { ev.Client.TapeDropped = 1 }, nil},
		{"the responder's tape is not whole", path(diagnosistest.Helper), func(ev *evidence.Evidence) { ev.Responder.TapeDropped = 1 }, nil},
		{"there is one tape", path(diagnosistest.Helper), func(ev *evidence.Evidence) { ev.Responder = nil }, nil},
		{"TLS is changed as well", path(func(d scenarios.Direction, _ sipprobe.Transport, m string) string {
			return diagnosistest.Helper(d, sipprobe.UDP, m)
		}), nil, []string{"cause sip-alg-rewrites inbound likely", "cause sip-alg-rewrites outbound likely"}},
		{"a proxy that changes the Contact too", path(func(d scenarios.Direction, t sipprobe.Transport, m string) string {
			m = diagnosistest.Proxy(d, t, m)
			if t == sipprobe.UDP && strings.HasPrefix(m, "INVITE") {
				m = strings.Replace(m, "Contact: <sip:bothways@198", "Contact: <sip:bothways@199", 1)
			}
			return m
		}), nil, []string{"cause sip-alg-rewrites inbound proven"}},
		{"a proxy's own ACK, where the INVITE passed none", diagnosistest.InviteRefused(nil), nil,
			[]string{"cause sip-alg-rewrites inbound proven"}},
		{"an ACK of another branch than the proxy's INVITE", diagnosistest.InviteRefused(diagnosistest.Proxy), func(ev *evidence.Evidence) {
			for i, r := range ev.Responder.Tape {
				if m := string(r.Data); strings.Contains(m, "CSeq: 9 ACK") {
					ev.Responder.Tape[i].Data = []byte(strings.Replace(m, "z9hG4bKproxy", "z9hG4bKbox", 1))
				}
			}
		}, []string{"cause sip-alg-rewrites inbound proven"}},
		{"fewer hops left, and no Via of a proxy", path(func(_ scenarios.Direction, t sipprobe.Transport, m string) string {
			if t == sipprobe.UDP {
				m = strings.Replace(m, "Max-Forwards: 70", "Max-Forwards: 69", 1)
			}
			return m
		}), nil, []string{"cause sip-alg-rewrites inbound proven", "cause sip-alg-rewrites outbound proven"}},
		{"a noted source that is not the source", path(func(d scenarios.Direction, t sipprobe.Transport, m string) string {
			return strings.Replace(diagnosistest.NoteSource(d, t, m), "rport=40000", "rport=4444", 1)
		}), nil, []string{"cause sip-alg-rewrites inbound proven"}},
		{"two copies of an INVITE are lost", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) { keepInvites(ev, 2) }, nil},
		{"three copies are", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) { keepInvites(ev, 3) },
			[]string{"cause sip-alg-blocks inbound proven"}},
		{"no INVITE over another transport", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) {
			drop(ev, func(r sipprobe.Record) bool {
				return r.Transport != sipprobe.UDP && strings.HasPrefix(string(r.Data), "INVITE")
			})
		}, []string{"cause sip-alg-blocks inbound likely"}},
		{"an INVITE is lost on a flow of its own", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) {
			for i := range ev.Client.Tape {
				if r := &ev.Client.Tape[i]; strings.HasPrefix(string(r.Data), "INVITE") {
					r.Local = ev.Client.Tape[0].Remote
				}
			}
		}, nil},
		{"nothing else is sent while the INVITE is", diagnosistest.AlgBlocks(), aroundInvite, []string{"cause sip-alg-blocks inbound likely"}},
		{"what else is sent meanwhile is lost too", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) {
			aroundInvite(ev)
			first := asked(ev)
			sendAt(ev, sipprobe.UDP, first.Time.Add(time.Second), 0, 2)
			sendAt(ev, sipprobe.UDP, first.Time.Add(-time.Second), time.Millisecond, 1)
		}, nil},
		{"one datagram meanwhile is lost by chance", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) {
			aroundInvite(ev)
			first := asked(ev)
			sendAt(ev, sipprobe.UDP, first.Time.Add(time.Second), 0, 1)
			sendAt(ev, sipprobe.UDP, first.Time.Add(-time.Second), time.Millisecond, 1)
		}, []string{"cause sip-alg-blocks inbound likely"}},
		{"what else is sent meanwhile is held up", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) {
			aroundInvite(ev)
			ev.Clocks = []evidence.ClockSample{{At: diagnosistest.Started, ErrorMs: 4}}
			sendAt(ev, sipprobe.TLS, asked(ev).Time.Add(time.Second), 9*time.Second, 1)
		}, nil},
		{"what else is sent meanwhile arrives", diagnosistest.AlgBlocks(), func(ev *evidence.Evidence) {
			aroundInvite(ev)
			ev.Clocks = []evidence.ClockSample{{At: diagnosistest.Started, ErrorMs: 4}}
			sendAt(ev, sipprobe.TLS, asked(ev).Time.Add(time.Second), 40*time.Millisecond, 1)
		}, []string{"cause sip-alg-blocks inbound proven"}},
		{"a connection that is alive swallows INVITEs", diagnosistest.InvitesLost(sipprobe.TCP), nil, []string{"cause sip-alg-blocks inbound likely"}},
		{"a connection that was idle for minutes carries nothing more", diagnosistest.InvitesLost(sipprobe.TCP), func(ev *evidence.Evidence) {
			for i := range ev.Client.Tape {
				if r := &ev.Client.Tape[i]; r.Transport == sipprobe.TCP && r.Sent && strings.HasPrefix(string(r.Data), "INVITE") {
					r.Time = r.Time.Add(2 * time.Minute)
				}
			}
		}, nil},
		{"the run ended before the INVITE could arrive", diagnosistest.AlgBlocks(),
			func(ev *evidence.Evidence) { ev.Run.Interrupted = "stopped by the user" }, nil},
		{"an ACK arrives in the end", diagnosistest.AckLost(), func(ev *evidence.Evidence) {
			for _, r := range ev.Client.Tape {
				if strings.HasPrefix(string(r.Data), "ACK") && r.Transport == sipprobe.UDP {
					r.Sent = false
					ev.Responder.Tape = append(ev.Responder.Tape, r)
				}
			}
		}, nil},
		{"the 200 is not repeated", diagnosistest.AckLost(), func(ev *evidence.Evidence) {
			seen := make(map[string]bool)
			drop(ev, func(r sipprobe.Record) bool {
				key := string(r.Data) + string(r.Transport)
				again := r.Sent && seen[key]
				seen[key] = seen[key] || r.Sent
				return again
			})
		}, nil},
		{"the answers to the Via port arrive", diagnosistest.RportIgnored(), func(ev *evidence.Evidence) {
			for _, r := range ev.Responder.Tape {
				if r.Sent && r.Transport == sipprobe.UDP {
					r.Sent = false
					ev.Client.Tape = append(ev.Client.Tape, r)
				}
			}
		}, []string{"symptom transport-unreachable inbound proven"}},
		{"nobody asks for rport", diagnosistest.RportIgnored(), func(ev *evidence.Evidence) {
			for _, tape := range [][]sipprobe.Record{ev.Client.Tape, ev.Responder.Tape} {
				for i := range tape {
					tape[i].Data = []byte(strings.Replace(string(tape[i].Data), ";rport", "", 1))
				}
			}
		}, []string{"symptom transport-unreachable inbound proven"}},
		{"the answers go where others arrive, and no ALG is accused", diagnosistest.RportIgnored(), func(ev *evidence.Evidence) {
			for _, l := range []*evidence.Ledger{ev.Responder, &ev.Client} {
				var again []sipprobe.Record
				for _, r := range l.Tape {
					again = append(again, r)
					if r.Sent && l == ev.Responder && r.Transport == sipprobe.UDP && strings.HasPrefix(string(r.Data), "SIP/2.0 ") {
						again = append(again, r, r)
					}
				}
				l.Tape = again
			}
			sent := sipprobe.Record{Time: diagnosistest.Started, Transport: sipprobe.UDP, Sent: true, Data: []byte("OPTIONS sip:a SIP/2.0\r\nCSeq: 9 OPTIONS\r\n\r\n"),
				Local: netip.AddrPortFrom(diagnosistest.Inside, 5060), Remote: netip.AddrPortFrom(diagnosistest.Outside, 40_000)}
			got := sent
			got.Sent = false
			ev.Responder.Tape, ev.Client.Tape = append(ev.Responder.Tape, sent), append(ev.Client.Tape, got)
		}, []string{"symptom transport-unreachable inbound proven", "cause rport-ignored outbound proven"}},
		{"answers from another port arrive", diagnosistest.AsymmetricSIPHeard(), nil, nil},
		{"two copies from another port are lost", diagnosistest.AsymmetricSIP(), func(ev *evidence.Evidence) {
			n := 0
			drop(ev, func(r sipprobe.Record) bool {
				if !r.Sent || r.Local.Port() != 50_601 {
					return false
				}
				n++
				return n > 2
			})
		}, nil},
		{"nothing from the port that was asked arrives either", diagnosistest.AsymmetricSIP(), func(ev *evidence.Evidence) {
			drop(ev, func(r sipprobe.Record) bool {
				return !r.Sent && r.Transport == sipprobe.UDP && r.Remote.Addr() == diagnosistest.Public
			})
		}, nil},
		{"the answers leave from the port that was asked, and are lost", diagnosistest.AsymmetricSIP(), func(ev *evidence.Evidence) {
			for i := range ev.Responder.Tape {
				if r := &ev.Responder.Tape[i]; r.Sent && r.Local.Port() == 50_601 {
					r.Local = netip.AddrPortFrom(diagnosistest.Inside, 5060)
				}
			}
		}, []string{"cause sip-alg-blocks outbound proven"}},
		{"a private Contact in a private network", diagnosistest.Site{PrivateContact: true}.Run(), func(ev *evidence.Evidence) {
			ev.Run.Address = diagnosistest.BehindNAT
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.edit != nil {
				tt.edit(tt.ev)
			}
			if diff := cmp.Diff(tt.want, findings(diagnosis.Diagnose(tt.ev))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
				for _, f := range diagnosis.Diagnose(tt.ev).Findings {
					t.Log(f.Code, f.Evidence)
				}
			}
		})
	}
}

// drop takes messages off both tapes.
func drop(ev *evidence.Evidence, gone func(sipprobe.Record) bool) {
	for _, l := range []*evidence.Ledger{&ev.Client, ev.Responder} {
		var kept []sipprobe.Record
		for _, r := range l.Tape {
			if !gone(r) {
				kept = append(kept, r)
			}
		}
		l.Tape = kept
	}
}

// lostInvite is true for the INVITE that never arrives.
func lostInvite(r sipprobe.Record) bool {
	return r.Sent && r.Transport == sipprobe.UDP && strings.HasPrefix(string(r.Data), "INVITE") && strings.Contains(string(r.Data), "call-in")
}

// asked is its first copy.
func asked(ev *evidence.Evidence) sipprobe.Record {
	return ev.Client.Tape[slices.IndexFunc(ev.Client.Tape, lostInvite)]
}

// aroundInvite moves everything else out of the time in which its copies leave.
func aroundInvite(ev *evidence.Evidence) {
	first := asked(ev)
	for _, l := range []*evidence.Ledger{&ev.Client, ev.Responder} {
		for i := range l.Tape {
			if r := &l.Tape[i]; !lostInvite(*r) && r.Time.After(first.Time) {
				r.Time = r.Time.Add(time.Minute)
			}
		}
	}
}

// sendAt has the client send copies of an order, which arrives so much later; it is
// lost where that is 0.
func sendAt(ev *evidence.Evidence, t sipprobe.Transport, at time.Time, later time.Duration, copies int) {
	text := fmt.Sprintf("MESSAGE sip:a SIP/2.0\r\nVia: SIP/2.0/%s a;branch=z9hG4bK%d\r\nCSeq: 7 MESSAGE\r\n\r\n", t, at.UnixNano())
	r := sipprobe.Record{Time: at, Transport: t, Sent: true, Data: []byte(text),
		Local: netip.AddrPortFrom(diagnosistest.Outside, 40_000), Remote: netip.AddrPortFrom(diagnosistest.Public, t.DefaultPort())}
	for n := range copies {
		r.Time = at.Add(time.Duration(n) * 500 * time.Millisecond)
		ev.Client.Tape = append(ev.Client.Tape, r)
	}
	if later > 0 {
		r.Sent, r.Time = false, at.Add(later)
		ev.Responder.Tape = append(ev.Responder.Tape, r)
	}
}

// keepInvites leaves some of the copies of an INVITE over UDP on the client's tape.
func keepInvites(ev *evidence.Evidence, n int) {
	drop(ev, func(r sipprobe.Record) bool {
		if r.Transport != sipprobe.UDP || !strings.HasPrefix(string(r.Data), "INVITE") || !strings.Contains(string(r.Data), "call-in") {
			return false
		}
		n--
		return n < 0
	})
}

// TestChangesAreListed holds the list of changes of the runs with a box.
func TestChangesAreListed(t *testing.T) {
	if d := diagnosis.Diagnose(diagnosistest.Site{}.Run()); d.Changes == nil || len(d.Changes) > 0 {
		t.Errorf("a clean run has changes: %+v", d.Changes)
	}
	if d := diagnosis.Diagnose(diagnosistest.Site{Off: true}.Run()); d.Changes != nil {
		t.Errorf("without both tapes: %+v, want unknown", d.Changes)
	}
	for name, row := range map[string]struct {
		path    diagnosistest.Path
		allowed string
	}{"a proxy": {diagnosistest.Proxy, "proxy"}, "a noted source": {diagnosistest.NoteSource, "server"}} {
		d := diagnosis.Diagnose(diagnosistest.Site{Path: row.path}.Run())
		if len(d.Changes) == 0 {
			t.Errorf("%s: no changes", name)
		}
		for _, c := range d.Changes {
			if string(c.Allowed) != row.allowed || c.Count < 1 {
				t.Errorf("%s: %+v", name, c)
			}
		}
	}
	d := diagnosis.Diagnose(diagnosistest.Site{Path: diagnosistest.Helper}.Run())
	want := "OPTIONS, INVITE, ACK and BYE over UDP, client → site, 7 messages: Request-URI host 203.0.113.10 → 192.168.1.10; To uri host 203.0.113.10 → 192.168.1.10."
	if got := d.Findings[0].Evidence[0]; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
