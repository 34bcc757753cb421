package diagnosistest

import (
	"time"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// endRuns are those in which a call or its audio ended before its time.
func endRuns() []Run {
	return []Run{
		{"audio-stops", Stopped(150, 0)},
		{"audio-stops-at-pause", Stopped(175, 60_000)},
		{"call-drops-without-ack", Dropped()},
		{"call-torn-down", TornDown()},
	}
}

// Stopped is a run with calls whose audio does not arrive inside after so many packets.
// The calls have a pause of that length halfway through.
func Stopped(after int64, pauseMs int) *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	for i := range ev.Checks {
		f := ev.Checks[i].CallFacts
		if f == nil {
			continue
		}
		call := *ev.Checks[i].Call
		call.PauseMs = pauseMs
		ev.Checks[i].Call = &call
		if f.Client.Lead == nil {
			continue
		}
		f.Client.Media.Sent.FirstSequence = 65_500
		in := &f.Responder.Media.Received
		last, lastMS := uint16(65_500+after-1), float64(after*20)
		in.Packets, in.Expected, in.LastSequence, in.LastMS = after, after, &last, &lastMS
		in.ToneHeardMS = lastMS
		f.Responder.Media.OpenMS = 6_500 + float64(pauseMs)
	}
	return ev
}

// long is a run with one call of 40 s, which both ends recorded.
func long() (*evidence.Evidence, *evidence.CallFacts) {
	ev := Site{Transports: []sipprobe.Transport{sipprobe.UDP}}.Run()
	var facts *evidence.CallFacts
	for i := range ev.Checks {
		c := &ev.Checks[i]
		if c.CallFacts == nil || facts != nil {
			continue
		}
		call := *c.Call
		call.TalkMs = 40_000
		c.Call, facts = &call, c.CallFacts
	}
	return ev, facts
}

// at makes events of one end: "INVITE" is received, ">INVITE" sent, each so many
// seconds after the run began.
func at(events ...any) []sipprobe.Event {
	var out []sipprobe.Event
	for i := 0; i < len(events); i += 2 {
		what, sent := events[i].(string), false
		if what[0] == '>' {
			what, sent = what[1:], true
		}
		seconds := time.Duration(events[i+1].(float64) * float64(time.Second))
		out = append(out, sipprobe.Event{Time: Started.Add(seconds), Sent: sent, What: what})
	}
	return out
}

// Dropped is a run with a call whose ACK never arrived.
func Dropped() *evidence.Evidence {
	ev, _ := droppedCall()
	return ev
}

func droppedCall() (*evidence.Evidence, *evidence.CallFacts) {
	ev, f := long()
	f.Client.Events = at(">INVITE", 0., "200", .1, ">ACK", .1, "200", .6, ">ACK", .6, "BYE", 32.1)
	f.Client.Ended = "the far end hung up"
	f.Responder.Established = false
	f.Responder.Events = at("INVITE", 0., ">200", .1, ">200", .6, ">BYE", 32.1)
	return ev, f
}

// TornDown is a run with a call that something between the ends has ended.
func TornDown() *evidence.Evidence {
	ev, f := long()
	f.Client.Events = at(">INVITE", 0., "200", .1, ">ACK", .1, "BYE", 20.1)
	f.Responder.Events = at("INVITE", 0., ">200", .1, "ACK", .1, "BYE", 20.1)
	f.Client.Ended, f.Responder.Ended = "the far end hung up", "the far end hung up"
	return ev
}
