package knock

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// udpKnocks are when knocks leave, counted from the start. Of random loss of one packet
// in twenty each way, the first six are all lost once in a million times; the others are
// for a line that is interrupted, and take no longer than a knock over TCP.
func udpKnocks() []time.Duration {
	return []time.Duration{
		0, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 1600 * time.Millisecond, 2300 * time.Millisecond,
		3500 * time.Millisecond, 5 * time.Second, 6700 * time.Millisecond,
	}
}

// udpPatience is how long the last knock waits for its answer.
const udpPatience = time.Second

// maxStrange bounds the datagrams that are read from whatever answers without proof.
const maxStrange = 256

// A udpKnocker knocks at one port.
type udpKnocker struct {
	terms  Terms
	conn   net.Conn
	knock  message
	ledger Knocked
	heard  []byte
}

// A Dialer opens what is knocked through.
type Dialer interface {
	// Dial opens a TCP connection.
	Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error)
	// DialPacket opens a UDP socket for one peer.
	DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error)
}

// A Knocker knocks at ports.
type Knocker struct {
	Terms
	Dialer Dialer
	// Result says how the opening of a TCP connection failed, see [Attempt].
	Result func(error) string
	// Local is where knocks over UDP come from; its port may be 0.
	Local netip.AddrPort
}

// At knocks at a port until the bell answers, or for some seconds, and returns its ledger.
func (k Knocker) At(ctx context.Context, t Transport, remote netip.AddrPort) Knocked {
	if t == TCP {
		return k.tcp(ctx, remote)
	}
	conn, err := k.Dialer.DialPacket(ctx, k.Local, remote)
	if err != nil {
		return Knocked{Transport: UDP, Remote: remote, ICMP: []ICMP{},
			Attempts: []Attempt{{Time: time.Now(), Local: k.Local, Outcome: NotSent, Error: err.Error()}}}
	}
	defer conn.Close()
	return knockUDP(ctx, conn, remote, k.Terms)
}

func knockUDP(ctx context.Context, conn net.Conn, remote netip.AddrPort, terms Terms) Knocked {
	k := &udpKnocker{terms: terms, conn: conn, heard: make([]byte, 2048)}
	k.ledger = Knocked{Transport: UDP, Remote: remote, Attempts: []Attempt{}, ICMP: []ICMP{}}
	k.knock = message{kind: aKnock, transport: UDP, port: remote.Port()}
	rand.Read(k.knock.nonce[:])
	queue := hearErrors(conn)
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	times := udpKnocks()
	for i, at := range times {
		k.knock.attempt = uint8(i)
		k.send(queue)
		pause := udpPatience
		if i+1 < len(times) {
			pause = times[i+1] - at
		}
		// From when it left: where this machine stood still, the answers have not been read yet.
		if k.wait(ctx, time.Now().Add(pause), queue) || ctx.Err() != nil {
			break
		}
	}
	return k.ledger
}

func (k *udpKnocker) send(queue errorQueue) {
	a := Attempt{Time: time.Now(), Local: addrPort(k.conn.LocalAddr()), Outcome: Silent}
	_, err := k.conn.Write(k.terms.marshal(k.knock))
	if err != nil && k.noteError(err, queue) { // it was about an earlier knock, and this one has not left
		_, err = k.conn.Write(k.terms.marshal(k.knock))
	}
	if err != nil && !k.noteError(err, queue) {
		a.Outcome, a.Error = NotSent, err.Error()
	}
	k.ledger.Attempts = append(k.ledger.Attempts, a)
}

// wait reads until the time given; true when the bell has answered.
func (k *udpKnocker) wait(ctx context.Context, until time.Time, queue errorQueue) bool {
	k.conn.SetReadDeadline(until)
	for range maxStrange {
		if ctx.Err() != nil {
			return false
		}
		n, err := k.conn.Read(k.heard)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return false
		case err == nil:
			if k.read(k.heard[:n]) {
				return true
			}
		case !k.noteError(err, queue): // the socket is broken
			k.last().Error = err.Error()
			return false
		}
	}
	return false
}

func (k *udpKnocker) last() *Attempt { return &k.ledger.Attempts[len(k.ledger.Attempts)-1] }

// read takes in a datagram; true when it is the bell's answer.
func (k *udpKnocker) read(data []byte) bool {
	m, ok := k.terms.parse(data, anAnswer, UDP)
	if !ok || m.nonce != k.knock.nonce || m.port != k.knock.port || int(m.attempt) >= len(k.ledger.Attempts) {
		if k.ledger.Another() == nil {
			a := k.last()
			a.Outcome, a.Stranger = Another, stranger(k.ledger.Remote, data)
		}
		return false
	}
	a := &k.ledger.Attempts[m.attempt]
	a.Outcome, a.ArrivedOn, a.RTTMs = Proven, m.arrived, ms(time.Since(a.Time))
	return true
}

// noteError enters an error of the socket that is that of a packet on its way; false for others.
func (k *udpKnocker) noteError(err error, queue errorQueue) bool {
	if queue.known {
		if found := queue.read(k.conn); len(found) > 0 {
			for _, e := range found {
				k.ledger.add(e.From, e.Meaning)
			}
			return true
		}
	}
	meaning := icmpOf(err)
	if meaning == "" {
		return false
	}
	if !queue.known { // else the queue has told of it, or will
		k.ledger.add(netip.Addr{}, meaning) // the system does not say whose it was
	}
	return true
}
