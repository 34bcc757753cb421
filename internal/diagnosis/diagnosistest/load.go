package diagnosistest

import (
	"time"

	"bothways/internal/evidence"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A LoadPath is what a load of 40 calls, 20 a second, meets on its way. The zero value is
// one that carries them all.
type LoadPath struct {
	// Room is how many calls have audio, those that come first; 0 = all.
	Room int
	// CarriesPPS is how many packets a second arrive at most inbound; 0 = all.
	CarriesPPS int64
	// Answered is how many calls are answered, the others are refused with 503; 0 = all.
	Answered int
	// OwnDrops has the responder's machine drop what is lost inbound itself.
	OwnDrops bool
	// LateMs is the lateness of the client's machine (p99).
	LateMs float64
}

const (
	loadCalls = 40
	loadTalk  = 250 // packets
	loadPPS   = 50  // of a call
)

// loadRuns are those in which many calls were held at once.
func loadRuns() []Run {
	return []Run{
		{"load-clean", LoadPath{}.Run()},
		{"load-late", LoadPath{LateMs: 90}.Run()},
		{"load-no-room", LoadPath{CarriesPPS: 1200, OwnDrops: true}.Run()},
		{"load-state-table", LoadPath{Room: 20}.Run()},
		{"load-full-line", LoadPath{CarriesPPS: 1200}.Run()},
		{"load-refused", LoadPath{Answered: 25}.Run()},
	}
}

// Run is the evidence of a load over the path.
func (p LoadPath) Run() *evidence.Evidence {
	ev := Site{Transports: []sipprobe.Transport{}, Scenario: "path"}.Run()
	s, _ := scenarios.ManyCalls(loadCalls, 20, 3*time.Second, "udp", scenarios.Inbound) // within bounds
	ev.Scenario = s
	client, responder := p.end(ev.Run.Started), p.end(ev.Run.Started)
	if p.LateMs != 0 {
		client.Lateness.P99 = p.LateMs * 1000
	}
	for n := 1; n <= loadCalls; n++ {
		p.call(n, client, responder)
	}
	p.pass(client, responder)
	ev.Checks = []evidence.Check{{Check: s.Checks[0], LoadFacts: &evidence.LoadFacts{Client: client, Responder: responder}}}
	return ev
}

func (p LoadPath) end(started time.Time) *evidence.LoadEnd {
	return &evidence.LoadEnd{Started: started, Lateness: &rtpprobe.LatenessUS{P50: 20, P99: 60, Max: 300}}
}

// call adds one call to both records.
func (p LoadPath) call(n int, client, responder *evidence.LoadEnd) {
	at, setup, jitter := float64(n-1)*50, 4.0, 0.3
	c := evidence.LoadCall{Number: n, AtMs: at, Established: true, Outcome: "accepted", Status: 200, SetupMs: &setup}
	if p.Answered != 0 && n > p.Answered {
		c.Established, c.Outcome, c.Status = false, "refused", 503
		client.Calls = append(client.Calls, c)
		return
	}
	c.SentPackets, c.SentBytes, c.ReceivedPackets = loadTalk, loadTalk*188, loadTalk
	c.BufferDrops, c.JitterMs, c.ToneHeardMs = new(int64), &jitter, loadTalk*20
	if p.Room != 0 && n > p.Room {
		c.ReceivedPackets, c.ToneHeardMs, c.JitterMs = 0, 0, nil
	}
	r := c
	r.Outcome, r.Status, r.SetupMs, r.BufferDrops = "", 0, nil, new(int64)
	client.Calls, responder.Calls = append(client.Calls, c), append(responder.Calls, r)
}

// pass carries the packets of seven seconds, and takes what is over the path's limit from
// all calls alike.
func (p LoadPath) pass(client, responder *evidence.LoadEnd) {
	var sent, lost int64
	for second := range 7 {
		up := min(20*(second+1), loadCalls, 20*(7-second))
		out := evidence.LoadSecond{Calls: up, SentPackets: int64(up) * loadPPS, ReceivedPackets: int64(up) * loadPPS}
		in := out
		if over := out.SentPackets - p.CarriesPPS; p.CarriesPPS != 0 && over > 0 {
			in.ReceivedPackets, in.LostPackets = p.CarriesPPS, over
		}
		client.Seconds, responder.Seconds = append(client.Seconds, out), append(responder.Seconds, in)
		sent, lost = sent+out.SentPackets, lost+in.LostPackets
	}
	for i := range responder.Calls {
		c := &responder.Calls[i]
		missing := c.ReceivedPackets * lost / sent
		c.ReceivedPackets -= missing
		c.ToneHeardMs = float64(c.ReceivedPackets * 20)
		if p.OwnDrops {
			*c.BufferDrops = missing
		}
	}
}
