package responder

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A natTest is what one session has open for a test of a NAT, until its context ends.
type natTest struct {
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{} // closed when nothing of it is left
	local  netip.Addr
	conns  []net.PacketConn
	opened []pairing.NATSocket
	server *natprobe.Server
	record *pending

	mu      sync.Mutex // held while probing begins
	probing sync.WaitGroup
	probed  bool
}

// A natTesting is the part of a session that tests NATs.
type natTesting struct {
	turn    sync.Mutex // held while an order is carried out
	current *natTest   // under turn

	mu     sync.Mutex
	record *pending // of the last test
}

var errNoNATTest = errors.New("there is no test of a NAT")

// end closes what the session has open, and waits until it is closed and filed. The
// caller holds the turn.
func (n *natTesting) end() {
	if n.current != nil {
		n.current.cancel()
		<-n.current.ended
		n.current = nil
	}
}

// natOrder carries out one step of a test of a NAT.
func (r *Responder) natOrder(s *session, in *sipprobe.Incoming, o pairing.NATOrder) (pairing.Reply, error) {
	s.nat.turn.Lock()
	defer s.nat.turn.Unlock()
	reply := pairing.NATReply{Public: len(r.cfg.STUN) > 0}
	var err error
	switch {
	case o.Open != nil:
		reply.Sockets, err = r.openNAT(s, in, o.Open.Direction)
	case o.Probe != nil:
		err = r.probeNAT(s, in, *o.Probe)
	default:
		s.nat.end()
	}
	return pairing.Reply{NAT: &reply}, err
}

// openNAT opens the sockets of a test and answers on them whoever has proven himself.
func (r *Responder) openNAT(s *session, in *sipprobe.Incoming, d scenarios.Direction) ([]pairing.NATSocket, error) {
	s.nat.end()
	if !s.join() {
		return nil, errNoSession
	}
	t := &natTest{local: in.Local.Addr(), ended: make(chan struct{}), record: newPending()}
	t.ctx, t.cancel = context.WithTimeout(s.ctx, pairing.NATTime)
	err := r.serveNAT(s, t, d)
	if err != nil {
		t.cancel()
		s.work.Done()
		return nil, err
	}
	s.nat.mu.Lock()
	s.nat.record = t.record
	s.nat.mu.Unlock()
	s.nat.current = t
	go t.retire(s)
	return t.opened, nil
}

func (r *Responder) serveNAT(s *session, t *natTest, d scenarios.Direction) (err error) {
	if t.conns, t.opened, err = r.natSockets(t.ctx, t.local, d); err != nil {
		return err
	}
	t.server, err = natprobe.Serve(natprobe.ServerConfig{
		Credentials: pairing.STUNCredentials(r.cfg.Key, s.run), Conns: t.conns, Allow: r.mayHear(s),
	})
	if err != nil {
		network.CloseAll(t.conns)
	}
	return err
}

// retire waits for the end of a test, files what was heard where nothing else was, and
// closes its sockets.
func (t *natTest) retire(s *session) {
	<-t.ctx.Done()
	t.mu.Lock() // whoever holds it may be about to probe
	probed := t.probed
	t.mu.Unlock()
	t.probing.Wait()
	if !probed {
		t.record.file(pairing.NATRecord{Heard: new(t.server.Close())})
	}
	network.CloseAll(t.conns)
	s.work.Done()
	close(t.ended)
}

// packed waits for the record of the last test, as long as was asked for.
func (n *natTesting) packed(ctx context.Context, f pairing.Fetch) (data []byte, ready bool, err error) {
	n.mu.Lock()
	rec := n.record
	n.mu.Unlock()
	if rec == nil {
		return nil, false, pairing.ErrNoRecord
	}
	return rec.wait(ctx, f)
}
