package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/sipprobe"
)

// checkOf finds a check by its id.
func checkOf(t *testing.T, ev *evidence.Evidence, id string) *evidence.Check {
	t.Helper()
	i := slices.IndexFunc(ev.Checks, func(c evidence.Check) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no check %s", id)
	}
	return &ev.Checks[i]
}

// appears has a message arrive after all, at the responder.
func appears(ev *evidence.Evidence, transport sipprobe.Transport, token string) {
	ev.Responder.Tape = append(ev.Responder.Tape, sipprobe.Record{Transport: transport,
		Data: []byte("OPTIONS sip:x SIP/2.0\r\nCall-ID: " + token + "\r\nContent-Length: 0\r\n\r\n")})
}

// TestPathAccusesNobodyWrongly changes one thing in runs of large packets and of marked
// ones, and says what must be left.
func TestPacketPathsAccuseNobodyWrongly(t *testing.T) {
	t.Parallel()
	fragments := diagnosistest.PacketPath{NoFragments: true, OneWay: true}
	hole := diagnosistest.PacketPath{HoleMTU: 1400, Unclamped: true, OneWay: true}
	clamped := diagnosistest.PacketPath{HoleMTU: 1400, OneWay: true}
	udp, tcp, tls := sipprobe.UDP, sipprobe.TCP, sipprobe.TLS
	rungs := func(t *testing.T, ev *evidence.Evidence, id string, change func(*sipprobe.Rung)) {
		f := checkOf(t, ev, id).SizeFacts
		for i := range f.Rungs {
			change(&f.Rungs[i])
		}
	}
	for _, row := range []struct {
		name    string
		path    diagnosistest.PacketPath
		change  func(*testing.T, *evidence.Evidence)
		verdict diagnosis.Verdict
		want    []string
	}{
		{"fragments, and no connection to hold them against", diagnosistest.PacketPath{NoFragments: true, OneWay: true, Over: []sipprobe.Transport{udp}}, nil,
			diagnosis.Degraded, nil},
		{"fragments, and connections that stall as well", diagnosistest.PacketPath{NoFragments: true, Unclamped: true, HoleMTU: 1400}, nil,
			diagnosis.Fail, []string{"cause mtu-black-hole inbound proven", "cause mtu-black-hole outbound proven"}},
		{"one large message arrives after all", fragments, func(t *testing.T, ev *evidence.Evidence) {
			appears(ev, udp, ev.Run.Token("size-in-udp")+"-3000")
		}, diagnosis.Inconclusive, nil},
		{"one small message was lost too", fragments, func(t *testing.T, ev *evidence.Evidence) {
			ev.Responder.Tape = slices.DeleteFunc(ev.Responder.Tape, func(r sipprobe.Record) bool {
				return strings.Contains(string(r.Data), "size-in-udp-900\r\n")
			})
			rungs(t, ev, "size-in-udp", func(r *sipprobe.Rung) {
				if r.Bytes == 900 {
					r.Copies, r.Status = 3, 0
				}
			})
		}, diagnosis.Inconclusive, nil},
		{"nothing small arrives at the end", fragments, func(t *testing.T, ev *evidence.Evidence) {
			ev.Responder.Tape = slices.DeleteFunc(ev.Responder.Tape, func(r sipprobe.Record) bool {
				return strings.Contains(string(r.Data), "size-in-udp-300-again\r\n")
			})
		}, diagnosis.Inconclusive, nil},
		{"a path that loses one small copy in three", fragments, func(t *testing.T, ev *evidence.Evidence) {
			rungs(t, ev, "size-in-udp", func(r *sipprobe.Rung) { r.Copies = 3 })
		}, diagnosis.Inconclusive, nil},
		{"two copies of each instead of three", fragments, func(t *testing.T, ev *evidence.Evidence) {
			rungs(t, ev, "size-in-udp", func(r *sipprobe.Rung) { r.Copies = min(r.Copies, 2) })
		}, diagnosis.Inconclusive, nil},
		{"the largest alone is lost", fragments, func(t *testing.T, ev *evidence.Evidence) {
			rungs(t, ev, "size-in-udp", func(r *sipprobe.Rung) {
				if r.Bytes > 1472 && r.Bytes < 4000 {
					r.Copies = 1
					appears(ev, udp, r.Token)
				}
			})
		}, diagnosis.Degraded, nil},
		{"one fragmented size alone was tried", fragments, func(t *testing.T, ev *evidence.Evidence) {
			f := checkOf(t, ev, "size-in-udp").SizeFacts
			f.Rungs = slices.DeleteFunc(f.Rungs, func(r sipprobe.Rung) bool { return r.Bytes > 1500 })
		}, diagnosis.Degraded, nil},
		{"an edge above the MTU", fragments, func(t *testing.T, ev *evidence.Evidence) {
			rungs(t, ev, "size-in-udp", func(r *sipprobe.Rung) {
				if r.Bytes == 1500 {
					r.Copies = 1
					appears(ev, udp, r.Token)
				}
			})
		}, diagnosis.Degraded, nil},
		{"an edge below the MTU", fragments, func(t *testing.T, ev *evidence.Evidence) {
			jumbo := 9000
			checkOf(t, ev, "size-in-udp").SizeFacts.MTU = &jumbo
		}, diagnosis.Degraded, nil},
		{"a sender that does not tell its MTU", fragments, func(t *testing.T, ev *evidence.Evidence) {
			checkOf(t, ev, "size-in-udp").SizeFacts.MTU = nil
		}, diagnosis.Degraded, []string{"cause fragments-dropped inbound likely"}},
		{"no ledger of the responder", fragments, func(t *testing.T, ev *evidence.Evidence) { ev.Responder = nil },
			diagnosis.Inconclusive, nil},
		{"a tape of the responder that is not whole", fragments, func(t *testing.T, ev *evidence.Evidence) { ev.Responder.TapeDropped = 1 },
			diagnosis.Inconclusive, nil},

		{"a hole that only TCP falls into", hole, func(t *testing.T, ev *evidence.Evidence) {
			for _, size := range []string{"1400", "1500", "4000", "16384"} {
				appears(ev, tls, ev.Run.Token("size-in-tls")+"-"+size+"-1")
			}
			f := checkOf(t, ev, "size-in-udp").SizeFacts
			f.Whole = nil
		}, diagnosis.Fail, nil},
		{"a box that drops large messages over TCP", diagnosistest.PacketPath{Inspected: 1400, OneWay: true}, nil, diagnosis.Fail, nil},
		{"a connection that stalls once", hole, func(t *testing.T, ev *evidence.Evidence) {
			appears(ev, tcp, ev.Run.Token("size-in-tcp")+"-1400-2")
			appears(ev, tls, ev.Run.Token("size-in-tls")+"-1400-2")
			checkOf(t, ev, "size-in-udp").SizeFacts.Whole = nil
		}, diagnosis.Inconclusive, nil},
		{"nothing passes on fresh connections", hole, func(t *testing.T, ev *evidence.Evidence) {
			ev.Responder.Tape = slices.DeleteFunc(ev.Responder.Tape, func(r sipprobe.Record) bool {
				return strings.Contains(string(r.Data), "-300-3\r\n")
			})
			checkOf(t, ev, "size-in-udp").SizeFacts.Whole = nil
		}, diagnosis.Inconclusive, nil},
		{"datagrams vanish, and nothing larger passes", clamped, func(t *testing.T, ev *evidence.Evidence) {
			ev.Responder.Tape = slices.DeleteFunc(ev.Responder.Tape, func(r sipprobe.Record) bool {
				return slices.ContainsFunc([]string{"1500", "1600", "2000", "3000", "4000"}, func(size string) bool {
					return strings.Contains(string(r.Data), "size-in-udp-"+size+"\r\n")
				})
			})
			rungs(t, ev, "size-in-udp", func(r *sipprobe.Rung) {
				if r.Bytes > 1472 {
					r.Copies, r.Status = 3, 0
				}
			})
		}, diagnosis.Degraded, nil},
		{"a router that tells the sender", clamped, func(t *testing.T, ev *evidence.Evidence) {
			f := checkOf(t, ev, "size-in-udp").SizeFacts
			for i := range f.Whole.Rungs {
				if r := &f.Whole.Rungs[i]; r.Bytes > 1372 {
					r.TooLarge = true
				}
			}
		}, diagnosis.Inconclusive, nil},

		{"one packet with another mark", diagnosistest.PacketPath{}, func(t *testing.T, ev *evidence.Evidence) {
			m := &checkOf(t, ev, "dscp-in").DSCPFacts.Arrived.Marks[3]
			m.As = []rtpprobe.MarkCount{{Mark: rtpprobe.EF, Packets: 9}, {Mark: 0, Packets: 1}}
		}, diagnosis.Pass, nil},
		{"half of the packets with another mark", diagnosistest.PacketPath{}, func(t *testing.T, ev *evidence.Evidence) {
			m := &checkOf(t, ev, "dscp-in").DSCPFacts.Arrived.Marks[3]
			m.As = []rtpprobe.MarkCount{{Mark: 0, Packets: 5}, {Mark: rtpprobe.EF, Packets: 5}}
		}, diagnosis.Inconclusive, nil},
		{"nothing arrives at all", diagnosistest.PacketPath{OneWay: true, Dropped: rtpprobe.Marks()}, nil, diagnosis.Inconclusive, nil},
		{"unmarked packets are lost as well", diagnosistest.PacketPath{OneWay: true, Dropped: []rtpprobe.Mark{rtpprobe.EF}}, func(t *testing.T, ev *evidence.Evidence) {
			checkOf(t, ev, "dscp-in").DSCPFacts.Arrived.Marks[0].Packets = 5
		}, diagnosis.Inconclusive, nil},
		{"voice that never left", diagnosistest.PacketPath{OneWay: true, Dropped: []rtpprobe.Mark{rtpprobe.EF}}, func(t *testing.T, ev *evidence.Evidence) {
			checkOf(t, ev, "dscp-in").DSCPFacts.Sent.Marks[3].Packets = 0
		}, diagnosis.Inconclusive, nil},
		{"marks that nobody can read", diagnosistest.PacketPath{OneWay: true, Becomes: map[rtpprobe.Mark]rtpprobe.Mark{rtpprobe.EF: 0}}, func(t *testing.T, ev *evidence.Evidence) {
			a := checkOf(t, ev, "dscp-in").DSCPFacts.Arrived
			a.Unread = "this system does not tell"
			for i := range a.Marks {
				a.Marks[i].As = nil
			}
		}, diagnosis.Pass, nil},
		{"marks that cannot be set", diagnosistest.PacketPath{}, func(t *testing.T, ev *evidence.Evidence) {
			checkOf(t, ev, "dscp-in").DSCPFacts.Sent = &rtpprobe.MarksSent{Unable: "no"}
		}, diagnosis.Pass, nil},
		{"no record of what arrived", diagnosistest.PacketPath{Dropped: []rtpprobe.Mark{rtpprobe.EF}, OneWay: true}, func(t *testing.T, ev *evidence.Evidence) {
			f := checkOf(t, ev, "dscp-in").DSCPFacts
			f.Arrived, f.Missing = nil, "lost"
		}, diagnosis.Inconclusive, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			ev := row.path.Run()
			if row.change != nil {
				row.change(t, ev)
			}
			d := diagnosis.Diagnose(ev)
			if diff := cmp.Diff(row.want, findings(d)); diff != "" || d.Verdict != row.verdict {
				t.Errorf("%s, want %s: %s", d.Verdict, row.verdict, diff)
				for _, c := range d.Checks {
					t.Logf("%s %s %s", c.ID, c.Verdict, c.Summary)
				}
			}
		})
	}
}

// The loopback's MTU is beyond what a packet can be; nobody has told the sender of that.
func TestPathOverTheLoopback(t *testing.T) {
	ev := diagnosistest.PacketPath{}.Run()
	mtu, link := 65_535, 65_536
	f := checkOf(t, ev, "size-in-udp").SizeFacts
	f.MTU, f.LinkMTU = &mtu, &link
	if got := diagnosis.Diagnose(ev).Checks[0].Summary; got != "all sizes pass over UDP, up to 4,000 bytes" {
		t.Error(got)
	}
}

// TestPathSummaries reads what a technician reads.
func TestPathSummaries(t *testing.T) {
	for name, want := range map[string][]string{
		"path-clean":        {"all sizes pass over UDP, up to 4,000 bytes", "all sizes pass over TLS, up to 16,384 bytes", "CS0, CS3, AF31 and EF arrive as they were sent"},
		"path-told":         {"all sizes pass over UDP, up to 4,000 bytes; the sender has learned that the path's MTU is 1,400"},
		"fragments-dropped": {"up to 1,472 bytes pass over UDP, 1,500 and more do not; over TCP and TLS they pass"},
		"black-hole": {"1,400 to 1,472 bytes are lost over UDP, smaller messages and larger ones, which travel in fragments, pass",
			"up to 1,300 bytes pass over TCP, at 1,400 the connection stalls, and again on a fresh one"},
		"dscp-bleached":   {"CS3, AF31 and EF arrive as CS0"},
		"dscp-ef-dropped": {"EF is dropped, unmarked packets pass; AF31 arrives as AF11"},
	} {
		var got []string
		for _, c := range diagnosis.Diagnose(diagnosistest.Find(name)).Checks {
			got = append(got, c.Summary)
		}
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("%s: nobody reads %q, but %q", name, w, got)
			}
		}
	}
}
