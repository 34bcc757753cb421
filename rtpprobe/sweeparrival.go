package rtpprobe

import (
	"net/netip"
	"time"
)

// An Arrival is what is known of the requests for one port that have arrived.
type Arrival struct {
	// Port is the one that they were meant for, On the one that the first of them arrived on.
	Port, On uint16
	// From is where the first came from, Attempt the round that it belonged to, At when that was, counted from OpenReflector on.
	From    netip.AddrPort
	Attempt uint8
	At      time.Duration
	// Count is how many came, controls and duplicates included.
	Count int
}

// An arrivalRecord is an Arrival with the rounds that were heard.
type arrivalRecord struct {
	Arrival
	attempts uint32
}

// An arrivalBook collects a SweepArrived. Its user holds a lock.
type arrivalBook struct {
	start      time.Time
	slots      map[uint16]int32 // of records, by the port that was meant
	records    []arrivalRecord
	controls   [maxRounds]int64
	shifts     shiftBook
	sources    sourceBook
	packets    int64
	foreign    int64
	echoes     int64
	refused    int64
	errors     []ErrorCount
	unanswered portBits
	last       time.Duration
}

// add notes a valid request.
func (k *arrivalBook) add(p *probe, on uint16, from netip.AddrPort, at time.Time) {
	k.packets++
	k.last = max(k.last, at.Sub(k.start), 0)
	k.shifts.add(p.port, on)
	k.sources.add(p.local, from)
	r := k.record(p, on, from, at)
	r.Count++
	if p.kind&probeControl != 0 {
		k.controls[p.attempt]++
		return
	}
	r.attempts |= 1 << p.attempt
}

func (k *arrivalBook) record(p *probe, on uint16, from netip.AddrPort, at time.Time) *arrivalRecord {
	if k.slots == nil {
		k.slots = make(map[uint16]int32)
	}
	i, known := k.slots[p.port]
	if !known {
		i = int32(len(k.records))
		k.slots[p.port] = i
		k.records = append(k.records, arrivalRecord{Arrival: Arrival{
			Port: p.port, On: on, From: from, Attempt: p.attempt, At: max(at.Sub(k.start), 0),
		}})
	}
	return &k.records[i]
}

func (k *arrivalBook) arrivals() []Arrival {
	all := make([]Arrival, len(k.records))
	for i := range k.records {
		all[i] = k.records[i].Arrival
	}
	return all
}

// ledger sums the book up.
func (k *arrivalBook) ledger(cfg *ReflectorConfig, opened *openFaults) SweepArrived {
	a := SweepArrived{
		ID: cfg.Terms.ID, Direction: cfg.Terms.Direction, Address: cfg.Address,
		Listened: opened.listened.set(), InUse: opened.inUse.set(),
		NotPermitted: opened.notPermitted.set(), NoFiles: opened.noFiles.set(),
		Rounds: k.rounds(cfg.Terms.Window), Packets: k.packets, Foreign: k.foreign,
		Echoes: k.echoes, Refused: k.refused, Errors: k.errors, Unanswered: k.unanswered.set(),
		Shifted: k.shifts.ledger(), Sources: k.sources.ledger(),
	}
	if len(k.records) > 0 {
		first, last := millis(k.records[0].At), millis(k.last)
		a.FirstMS, a.LastMS = &first, &last
	}
	return a
}

func (k *arrivalBook) rounds(window uint8) []ArrivedRound {
	rounds := []ArrivedRound{}
	var heard [maxRounds]portBits
	for i := range k.records {
		for round := range heard {
			if k.records[i].attempts>>round&1 == 1 {
				heard[round].add(k.records[i].Port)
			}
		}
	}
	for round := range heard {
		ports := heard[round].set()
		if !ports.IsZero() || k.controls[round] > 0 {
			rounds = append(rounds, ArrivedRound{Window: window, Round: uint8(round), Ports: ports, Controls: k.controls[round]})
		}
	}
	return rounds
}
