package diagnosistest

import (
	"net/netip"
	"slices"
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// AsymmetricSIP is a run with a client behind a NAT, and a responder that answers one
// INVITE over UDP from another port than the one that was asked.
func AsymmetricSIP() *evidence.Evidence {
	ev := aside(Site{ClientNAT: true, Path: func(d scenarios.Direction, t sipprobe.Transport, m string) string {
		if t == sipprobe.UDP && d == scenarios.Outbound && answersInvite(m) {
			return ""
		}
		return m
	}}.Run())
	for _, l := range []*evidence.Ledger{&ev.Client, ev.Responder} { // the client has nothing to acknowledge
		l.Tape = slices.DeleteFunc(l.Tape, func(r sipprobe.Record) bool {
			m := string(r.Data)
			return r.Transport == sipprobe.UDP && strings.Contains(m, "-call-in-udp") && (strings.Contains(m, " ACK") || strings.Contains(m, " BYE"))
		})
	}
	for i := range ev.Checks {
		c := &ev.Checks[i]
		if c.CallFacts == nil || c.Transport != "udp" || c.Direction != scenarios.Inbound {
			continue
		}
		x := c.CallFacts.Client.Invite
		unanswered(x)
		*c.CallFacts = evidence.CallFacts{Client: &evidence.CallEnd{Invite: x}}
	}
	return ev
}

// AsymmetricSIPHeard is the same where nothing filters what the client hears.
func AsymmetricSIPHeard() *evidence.Evidence { return aside(Site{ClientNAT: true}.Run()) }

// aside has the answers to the INVITE leave from another port, three times each.
func aside(ev *evidence.Evidence) *evidence.Evidence {
	var tape []sipprobe.Record
	for _, r := range ev.Responder.Tape {
		if r.Sent && r.Transport == sipprobe.UDP && answersInvite(string(r.Data)) {
			r.Local = netip.AddrPortFrom(Inside, 50_601)
			late, later := r, r
			late.Time, later.Time = r.Time.Add(timerA(1)), r.Time.Add(timerA(2))
			tape = append(tape, r, late, later)
			continue
		}
		tape = append(tape, r)
	}
	ev.Responder.Tape = tape
	return ev
}

func answersInvite(m string) bool {
	return strings.HasPrefix(m, "SIP/2.0 ") && strings.Contains(m, " INVITE") && strings.Contains(m, "-call-in-udp")
}
