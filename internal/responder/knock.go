package responder

import (
	"errors"
	"net/netip"

	"bothways/internal/knock"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

var errKnocking = errors.New("the knocks of the list before are not over")

// knock knocks at ports of the client that gave the order, where it was seen and proven;
// that goes on after the order was answered.
func (r *Responder) knock(s *session, in *sipprobe.Incoming, l pairing.PortList) error {
	if !s.belfry.begin() {
		return errKnocking
	}
	if !s.join() {
		s.belfry.end()
		return errNoSession
	}
	record := s.belfry.records.add(l.ID)
	k := knock.Knocker{
		Terms: r.knockTerms(s, l), Dialer: r.cfg.Network, Result: network.ConnectResult, Local: netip.AddrPortFrom(in.Local.Addr(), 0),
	}
	remote := s.whence(in)
	go func() {
		defer s.work.Done()
		all := l.KnockAt(s.ctx, k, remote)
		s.belfry.end()
		record.file(pairing.PortRecord{Knocked: all})
	}()
	return nil
}

// begin reserves the right to knock, one list at a time.
func (b *belfry) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.knocking {
		return false
	}
	b.knocking = true
	return true
}

func (b *belfry) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.knocking = false
}
