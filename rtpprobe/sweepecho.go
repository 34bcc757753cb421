package rtpprobe

import (
	"net/netip"
	"time"
)

// An echoBox takes what arrives at one local socket to the sweeper, a batch at a time.
type echoBox struct {
	s      *sweeper
	mac    *probeMAC
	echoes []probe
	// elsewhere counts echoes that came from where no request had gone.
	elsewhere int64
}

func (s *sweeper) newEchoBox() *echoBox {
	return &echoBox{s: s, mac: s.cfg.Terms.newMAC(), echoes: make([]probe, 0, sweepBatch)}
}

// add takes an echo, wherever it comes from: its tag says that it is one. It leaves anything else.
func (in *echoBox) add(packet []byte, from netip.AddrPort) {
	p, ok := in.s.cfg.Terms.parseProbe(packet, in.mac)
	if !ok || p.kind&probeEcho == 0 {
		return
	}
	if from.Port() != p.port || canonical(from).Addr() != in.s.remote {
		in.elsewhere++
	}
	in.echoes = append(in.echoes, p)
}

func (in *echoBox) flush(at time.Time) {
	if len(in.echoes) == 0 {
		return
	}
	s, now := in.s, at.Sub(in.s.start)
	s.mu.Lock()
	for i := range in.echoes {
		s.echo(&in.echoes[i], now)
	}
	s.elsewhere += in.elsewhere
	in.elsewhere = 0
	wake := s.waiting || s.pace.blocked
	s.mu.Unlock()
	in.echoes = in.echoes[:0]
	if wake {
		s.nudge()
	}
}

// nudge wakes the sending goroutine.
func (s *sweeper) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// echo notes an answer. The caller holds the lock.
func (s *sweeper) echo(p *probe, now time.Duration) {
	i := s.slots[p.port]
	if i == 0 || int(p.attempt) >= len(s.rounds) {
		return
	}
	if p.kind&probeControl != 0 && s.confirms.take(p.port, p.at) {
		s.confirmed++
		return
	}
	state := &s.states[i-1]
	s.echoes++
	if int(p.attempt) == len(s.rounds)-1 {
		s.latestEchoes++
	}
	s.lastEcho = max(s.lastEcho, now)
	s.hear(p.at, uint32(now/time.Microsecond))
	s.sources.add(p.local, p.source)
	s.shifts.add(p.port, p.arrived)
	if line, ok := s.lineOf[p.local]; ok {
		s.heard[line].heard = true
	}
	round := &s.rounds[p.attempt]
	if p.kind&probeControl != 0 {
		if !s.awaited.take(p.port, p.at) {
			return // a duplicate
		}
		round.controlsEchoed++
		s.controlsBack[p.rate]++
		s.pace.echo(p.at, true, now)
		return
	}
	if state.echoed>>p.attempt&1 == 1 {
		return // a duplicate
	}
	if state.echoed == 0 {
		s.known = append(s.known, int32(i-1))
	}
	state.echoed |= 1 << p.attempt
	state.sent |= 1 << p.attempt // also when it was taken back
	s.pace.echo(p.at, false, now)
}

// noteICMP takes in what a socket's error queue held.
func (s *sweeper) noteICMP(errors []icmpError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range errors {
		s.icmp.add(e)
	}
}
