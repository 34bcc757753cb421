package diagnosistest

import (
	"strings"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// moveRuns are those with calls in which more happened than talk.
func moveRuns() []Run {
	return []Run{
		{"held", HeldCall(0)},
		{"audio-stops-after-hold", HeldCall(150)},
		{"audio-stops-after-transfer", Transferred(200)},
		{"call-drops-by-session", Expired()},
		{"call-drops-by-reinvite", Unanswered()},
	}
}

// lively is a run with inbound calls over UDP, which a script changes.
func lively(script func(*evidence.CallFacts)) *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	for i := range ev.Checks {
		c := &ev.Checks[i]
		if c.CallFacts == nil || c.Direction != scenarios.Inbound {
			continue
		}
		c.Call = new(*c.Call)
		for _, end := range c.CallFacts.Ends() {
			end.Media.Opened, end.Media.OpenMS = Started, 6_300
			end.Events = nil
		}
		script(c.CallFacts)
	}
	return ev
}

// A turn is a moment at both ends: what the client and the responder had sent and
// received by then.
type turn struct {
	moment                 evidence.Moment
	sent, arrived          int64 // inbound
	answered, heard        int64 // outbound
	clientSends, siteSends bool
}

// play writes turns into the records of both ends, and the packets of the last as theirs.
func play(f *evidence.CallFacts, turns ...turn) {
	f.Client.Moments, f.Responder.Moments = nil, nil
	for _, t := range turns {
		at, late := t.moment, t.moment.AtMs
		at.Sent, at.Received, at.Sends, at.Hears = t.sent, t.heard, t.clientSends, t.siteSends
		far := t.moment
		far.Sent, far.Received, far.Sends, far.Hears = t.answered, t.arrived, t.siteSends, t.clientSends
		at.LastMs, far.LastMs = &late, last(f.Responder.Moments, t.arrived, late)
		switch t.moment.By {
		case scenarios.ClientSide:
			far.Outcome, far.Status, far.TookMs = "", 0, 0
		case scenarios.ResponderSide:
			at.Outcome, at.Status, at.TookMs = "", 0, 0
		}
		f.Client.Moments, f.Responder.Moments = append(f.Client.Moments, at), append(f.Responder.Moments, far)
	}
	over := turns[len(turns)-1]
	for _, one := range []struct {
		end            *evidence.CallEnd
		sent, received int64
	}{{f.Client, over.sent, over.heard}, {f.Responder, over.answered, over.arrived}} {
		m := one.end.Media
		m.Sent.Packets, m.Received.Packets, m.Received.Expected = one.sent, one.received, one.received
		m.Received.ToneHeardMS = 20 * float64(one.received)
		m.Steps = steps(one.end.Moments)
	}
	f.Client.Lead.Packets, f.Responder.Cold.Packets = leadPackets, leadPackets
}

// last is when the last packet arrived: before the moments that brought none.
func last(before []evidence.Moment, arrived int64, now float64) *float64 {
	if n := len(before); n > 0 && before[n-1].Received == arrived {
		return before[n-1].LastMs
	}
	return &now
}

// steps spreads the packets between moments over their seconds.
func steps(moments []evidence.Moment) []rtpprobe.Step {
	var out []rtpprobe.Step
	for i := 1; i < len(moments); i++ {
		a, b := moments[i-1], moments[i]
		n := max(int64(b.AtMs/1000)-int64(a.AtMs/1000), 1)
		for range n {
			out = append(out, rtpprobe.Step{Sent: (b.Sent - a.Sent) / n, Received: (b.Received - a.Received) / n})
		}
	}
	return out
}

// asked is a request of a side that the far end accepted.
func asked(what evidence.MomentKind, by scenarios.Side, atMs float64) evidence.Moment {
	return evidence.Moment{What: what, By: by, Method: "INVITE", AtMs: atMs, Outcome: sipprobe.Accepted, Status: 200, TookMs: 20}
}

// HeldCall is a run with calls that the site holds for two seconds; of what the client sends
// afterwards so many packets, of 150, do not arrive.
func HeldCall(lost int64) *evidence.Evidence {
	return lively(func(f *evidence.CallFacts) {
		hold := asked(evidence.HoldMoment, scenarios.ResponderSide, 2_000)
		hold.How = scenarios.SendOnlyHold
		play(f, turn{evidence.Moment{What: evidence.AnswerMoment}, 0, 0, 0, 0, true, true},
			turn{hold, 100, 100, 50, 50, false, true},
			turn{asked(evidence.ResumeMoment, scenarios.ResponderSide, 4_000), 100, 100, 150, 150, true, true},
			turn{evidence.Moment{What: evidence.OverMoment, AtMs: 7_000}, 250, 250 - lost, 300, 300, true, true})
		f.Client.Events = at(">INVITE", 0., "200", .1, ">ACK", .1, "INVITE", 2., ">200", 2., "ACK", 2.1, "INVITE", 4., ">200", 4., "ACK", 4.1, ">BYE", 7.)
	})
}

// Transferred is a run with calls in which the site moves its media to another port; of
// what the client sends afterwards so many packets, of 200, do not arrive.
func Transferred(lost int64) *evidence.Evidence {
	return lively(func(f *evidence.CallFacts) {
		move := asked(evidence.ReinviteMoment, scenarios.ResponderSide, 3_000)
		move.Moved = true
		play(f, turn{evidence.Moment{What: evidence.AnswerMoment}, 0, 0, 0, 0, true, true},
			turn{move, 150, 150, 100, 100, true, true},
			turn{evidence.Moment{What: evidence.OverMoment, AtMs: 7_000}, 350, 350 - lost, 300, 300, true, true})
		second := *f.Responder.Media
		second.Sent.Packets, second.Received.Packets = 200, 200-lost
		second.Received.ToneHeardMS = 20 * float64(200-lost)
		f.Responder.MoreMedia = []rtpprobe.Result{second}
		f.Responder.Media.Sent.Packets, f.Responder.Media.Received.Packets = 100, 150
		f.Responder.Media.Received.ToneHeardMS = 3_000
	})
}

// ended is a run with a call of 40 s that ends before its time.
func ended(script func(c *evidence.Check)) *evidence.Evidence {
	ev, f := long()
	for i := range ev.Checks {
		if c := &ev.Checks[i]; c.CallFacts == f {
			for _, end := range f.Ends() {
				end.Media.Opened = Started
			}
			script(c)
		}
	}
	return ev
}

// Expired is a run with a call whose session timer ran out at the responder, since the
// client's UPDATE did not arrive.
func Expired() *evidence.Evidence {
	return ended(func(c *evidence.Check) {
		f := c.CallFacts
		c.Call.SessionTimer = scenarios.SessionTimer{ExpiresMs: 40_000, Refresher: scenarios.ClientSide, Method: scenarios.UpdateMove}
		f.Client.Events = at(">INVITE", 0., "200", .1, ">ACK", .1, ">UPDATE", 20.1, "BYE", 26.8)
		f.Responder.Events = at("INVITE", 0., ">200", .1, "ACK", .1, ">BYE", 26.8)
		f.Client.Ended, f.Responder.Ended = "the far end hung up", evidence.EndedBySession
		f.Client.Moments = []evidence.Moment{{What: evidence.AnswerMoment, AtMs: 100, Sends: true, Hears: true},
			{What: evidence.RefreshMoment, By: scenarios.ClientSide, Method: "UPDATE", AtMs: 26_800, TookMs: 6_700, Outcome: sipprobe.Silent, Sends: true, Hears: true},
			{What: evidence.OverMoment, AtMs: 26_900}}
		f.Responder.Moments = []evidence.Moment{{What: evidence.AnswerMoment, AtMs: 100, Sends: true, Hears: true}, {What: evidence.OverMoment, AtMs: 26_900}}
	})
}

// Unanswered is a run with a call whose re-INVITE does not arrive.
func Unanswered() *evidence.Evidence {
	return ended(func(c *evidence.Check) {
		f := c.CallFacts
		f.Client.Events = at(">INVITE", 0., "200", .1, ">ACK", .1, "BYE", 11.1)
		f.Responder.Events = at("INVITE", 0., ">200", .1, "ACK", .1, ">INVITE", 3.1, ">BYE", 11.1)
		f.Client.Ended, f.Responder.Ended = "the far end hung up", evidence.EndedUnanswered
		f.Client.Moments = []evidence.Moment{{What: evidence.AnswerMoment, AtMs: 100, Sends: true, Hears: true}, {What: evidence.OverMoment, AtMs: 11_200}}
		f.Responder.Moments = []evidence.Moment{{What: evidence.AnswerMoment, AtMs: 100, Sends: true, Hears: true},
			{What: evidence.ReinviteMoment, By: scenarios.ResponderSide, Method: "INVITE", Moved: true, AtMs: 11_100, TookMs: 8_000, Outcome: sipprobe.Silent, Sends: true, Hears: true},
			{What: evidence.OverMoment, AtMs: 11_200}}
	})
}

// Swallowed is Unanswered with the messages of the re-INVITE on the tapes: so many copies
// left the responder, and none arrived.
func Swallowed(copies int) *evidence.Evidence {
	ev := Unanswered()
	for _, r := range ev.Responder.Tape {
		if !r.Sent || !strings.HasPrefix(string(r.Data), "SIP/2.0 200") || !strings.Contains(string(r.Data), " INVITE\r\n") {
			continue
		}
		again := r
		again.Data = []byte(reinvite(string(r.Data)))
		for range copies {
			ev.Responder.Tape = append(ev.Responder.Tape, again)
		}
		return ev
	}
	return ev
}

// reinvite is one of the end that answered with this 200.
func reinvite(ok string) string {
	head, body, _ := strings.Cut(ok, "\r\n\r\n")
	field := func(name string) string {
		for l := range strings.SplitSeq(head, "\r\n") {
			if k, v, _ := strings.Cut(l, ": "); k == name {
				return v
			}
		}
		return ""
	}
	return text("INVITE sip:bothways@client SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"+field("Call-ID")+".i101;rport", "Max-Forwards: 70",
		"From: "+field("To"), "To: "+field("From"), "Call-ID: "+field("Call-ID"), "CSeq: 101 INVITE", "Content-Type: application/sdp", "", body)
}
