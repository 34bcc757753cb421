package lab_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/lab"
	"bothways/internal/natlab"
	"bothways/sipprobe"
)

// tapes are what both ledgers must show of a SIP fault.
type tapes struct {
	// changes are the starts of lines that arrive changed, each at least once, and no others.
	changes []string
	// loses is the method of the requests that never arrive.
	loses string
	// tcp is whether TCP is touched like UDP, outbound whether both directions are.
	tcp, outbound bool
}

func wanted() map[string]tapes {
	return map[string]tapes{
		"sip-helper":               {changes: []string{"MESSAGE", "OPTIONS", "INVITE", "ACK", "BYE", "To:", "Via:", "From:"}, tcp: true, outbound: true},
		"sip-via-rewritten":        {changes: []string{"Via:"}},
		"sip-contact-rewritten":    {changes: []string{"Contact:"}},
		"sip-sdp-port-rewritten":   {changes: []string{"m=audio"}},
		"sip-content-length-wrong": {changes: []string{"Content-Length:"}},
		"sip-call-id-rewritten":    {changes: []string{"Call-ID:"}},
		"sip-invite-dropped":       {loses: "INVITE"},
		"sip-truncated":            {changes: []string{""}},
		"ack-dropped":              {loses: "ACK"},
	}
}

// TestSIPFaultsShowOnTheTapes runs through each SIP fault: what was planted is on the
// two tapes, and the run ends by itself whatever the calls came to.
func TestSIPFaultsShowOnTheTapes(t *testing.T) {
	if err := natlab.Supported(); err != nil {
		t.Skip(err)
	}
	for _, f := range lab.SIPFaults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			if len(f.Topology.SIPHelper) > 0 {
				if err := natlab.SIPHelperSupported(t.Context()); err != nil {
					t.Skip(err)
				}
			}
			f.Scenario = "lab-calls" // of the forms other tests tell
			o, err := lab.Run(t.Context(), f, lab.Options{Overrides: lab.Quickly(), Version: "test"})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range o.Counters {
				if c.Packets == 0 {
					t.Errorf("%s never acted", c.Rule)
				}
			}
			ev := o.Evidence
			if ev.Responder == nil || ev.Run.Interrupted != "" {
				t.Fatalf("interrupted %q, responder's ledger %v", ev.Run.Interrupted, ev.Responder != nil)
			}
			w, ok := wanted()[f.Name]
			if !ok {
				t.Fatal("nobody says what the tapes must show")
			}
			got := differences(&ev.Client, ev.Responder)
			if w.outbound {
				got = append(got, differences(ev.Responder, &ev.Client)...)
			} else if back := differences(ev.Responder, &ev.Client); len(back) > 0 {
				t.Errorf("outbound: %v", back)
			}
			w.hold(t, got)
		})
	}
}

// hold holds differences against what they must be.
func (w tapes) hold(t *testing.T, got []difference) {
	t.Helper()
	touched := make(map[sipprobe.Transport]bool)
	seen := make(map[string]bool)
	for _, d := range got {
		touched[d.transport] = true
		if d.arrived == "" {
			seen["lost "+d.sent] = true
			if w.loses == "" || !strings.HasPrefix(d.sent, w.loses+" ") {
				t.Errorf("%s: %q was lost", d.transport, d.sent)
			}
			continue
		}
		i := slices.IndexFunc(w.changes, func(start string) bool { return strings.HasPrefix(d.sent, start) })
		if i < 0 {
			t.Errorf("%s: %q arrived as %q", d.transport, d.sent, d.arrived)
			continue
		}
		seen[w.changes[i]] = true
	}
	if len(seen) < max(len(w.changes), 1) {
		t.Errorf("seen only %v", seen)
	}
	if !touched[sipprobe.UDP] || touched[sipprobe.TCP] != w.tcp || touched[sipprobe.TLS] {
		t.Errorf("touched %v", touched)
	}
}

// A difference is a line of a message, as sent and as it arrived; where the message
// never arrived, its first line and nothing.
type difference struct {
	transport     sipprobe.Transport
	sent, arrived string
}

// differences compares what one end sent with what the other received. What was sent
// after the other's tape ends is left out: it asked for that tape.
func differences(from, to *evidence.Ledger) []difference {
	arrived := make(map[string]string)
	var end time.Time
	for _, r := range to.Tape {
		if end = r.Time; !r.Sent {
			arrived[identity(r)] = string(r.Data)
		}
	}
	var all []difference
	for _, r := range from.Tape {
		if !r.Sent || r.Time.After(end) {
			continue
		}
		got, ok := arrived[identity(r)]
		sent, _, _ := strings.Cut(string(r.Data), "\r\n")
		if !ok {
			all = append(all, difference{transport: r.Transport, sent: sent})
			continue
		}
		all = append(all, lines(r.Transport, string(r.Data), got)...)
	}
	return all
}

// identity is what the lab's middleboxes leave alone: the transaction, and what kind of message it is.
func identity(r sipprobe.Record) string {
	text := string(r.Data)
	_, branch, _ := strings.Cut(text, "branch=")
	branch, _, _ = strings.Cut(branch, ";")
	first, _, _ := strings.Cut(text, " ")
	if first == "SIP/2.0" {
		first = text[:min(11, len(text))]
	}
	return string(r.Transport) + " " + first + " " + strings.TrimSpace(strings.SplitN(branch, "\r\n", 2)[0])
}

func lines(transport sipprobe.Transport, sent, arrived string) []difference {
	var all []difference
	got := strings.Split(arrived, "\r\n")
	for i, line := range strings.Split(sent, "\r\n") {
		switch {
		case i >= len(got):
			all = append(all, difference{transport, line, "nothing"})
		case got[i] != line:
			all = append(all, difference{transport, line, got[i]})
		}
	}
	return all
}
