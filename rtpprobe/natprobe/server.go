package natprobe

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Bounds of a server.
const (
	// MaxAnswers is how many answers one server gives.
	MaxAnswers = 1000
	// maxArrivals bounds its ledger.
	maxArrivals = 256
)

// ServerConfig says where a server answers, and whom.
type ServerConfig struct {
	Credentials
	// Conns are the caller's sockets, each bound to one address. Nobody else may read
	// from them until Close; then they are the caller's again, open.
	Conns []net.PacketConn
	// Allow says to whom answers may go; nil is to everybody who has the key. A request
	// from elsewhere is recorded and gets none.
	Allow func(netip.AddrPort) bool
}

// A Server answers Binding requests until Close.
type Server struct {
	cfg     ServerConfig
	locals  []netip.AddrPort
	readers sync.WaitGroup

	mu      sync.Mutex
	heard   Heard
	answers int
}

// Serve begins to answer.
func Serve(cfg ServerConfig) (*Server, error) {
	if len(cfg.Key) == 0 || len(cfg.Conns) == 0 {
		return nil, errors.New("a STUN server needs a key and a socket")
	}
	s := &Server{cfg: cfg}
	for _, c := range cfg.Conns {
		if err := c.SetReadDeadline(time.Time{}); err != nil {
			return nil, err
		}
		s.locals = append(s.locals, unmapped(c.LocalAddr()))
	}
	for i := range cfg.Conns {
		s.readers.Go(func() { s.read(i) })
	}
	return s, nil
}

// Close ends answering and returns what was heard. The sockets stay open.
func (s *Server) Close() Heard {
	for _, c := range s.cfg.Conns {
		c.SetReadDeadline(time.Unix(1, 0))
	}
	s.readers.Wait()
	for _, c := range s.cfg.Conns {
		c.SetReadDeadline(time.Time{})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard
}

// maxFailures is how many reads in a row may fail before a socket is given up: some
// systems report there what ICMP said of an earlier packet.
const maxFailures = 64

func (s *Server) read(i int) {
	buf := make([]byte, 2048)
	for failures := 0; failures < maxFailures; {
		n, from, err := s.cfg.Conns[i].ReadFrom(buf)
		switch {
		case err == nil:
			failures = 0
			s.handle(i, buf[:n], unmapped(from))
		case isTimeout(err), errors.Is(err, net.ErrClosed):
			return
		default:
			failures++
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// handle answers one packet, if it is a request that may have an answer.
func (s *Server) handle(i int, data []byte, from netip.AddrPort) {
	m, change, ok := s.cfg.question(data)
	if !ok {
		s.mu.Lock()
		s.heard.Strangers++
		s.mu.Unlock()
		return
	}
	out := s.place(i, change)
	if s.cfg.Allow != nil && !s.cfg.Allow(from) || !s.mayAnswer() {
		out = -1
	}
	sent := false
	if out >= 0 {
		if reply, err := s.cfg.answer(m, from, s.locals[out]); err == nil {
			_, err = s.cfg.Conns[out].WriteTo(reply, net.UDPAddrFromAddrPort(from))
			sent = err == nil
		}
	}
	s.note(Arrival{At: s.locals[i], From: from, Change: change}, sent)
}

func (s *Server) mayAnswer() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers++
	return s.answers <= MaxAnswers
}

// place is the socket that an answer leaves from, -1 where there is none such.
func (s *Server) place(i int, change Change) int {
	here := s.locals[i]
	for j, there := range s.locals {
		sameAddr, samePort := there.Addr() == here.Addr(), there.Port() == here.Port()
		switch {
		case change == NoChange:
			return i
		case change == ChangePort && sameAddr && !samePort, change == ChangeBoth && !sameAddr && !samePort:
			return j
		}
	}
	return -1
}

func (s *Server) note(a Arrival, answered bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := &s.heard
	row := -1
	for i, b := range h.Arrivals {
		if b.At == a.At && b.From == a.From && b.Change == a.Change {
			row = i
		}
	}
	switch {
	case row < 0 && len(h.Arrivals) >= maxArrivals:
		h.Overflowed++
		return
	case row < 0:
		h.Arrivals = append(h.Arrivals, a)
		row = len(h.Arrivals) - 1
	}
	h.Arrivals[row].Requests++
	if answered {
		h.Arrivals[row].Answers++
	}
}
