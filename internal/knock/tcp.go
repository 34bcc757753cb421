package knock

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"time"
)

// Of a knock over TCP: how often it is tried, how long a connection may take to open,
// in which the kernel sends three SYNs, and how long the answer may take.
const (
	tcpKnocks   = 2
	tcpConnect  = 4 * time.Second
	tcpPatience = 3 * time.Second
)

// tcp connects to a port and knocks, again when the bell has not answered.
func (k Knocker) tcp(ctx context.Context, remote netip.AddrPort) Knocked {
	ledger := Knocked{Transport: TCP, Remote: remote, Attempts: []Attempt{}}
	knock := message{kind: aKnock, transport: TCP, port: remote.Port()}
	for i := range tcpKnocks {
		knock.attempt = uint8(i)
		rand.Read(knock.nonce[:])
		a := k.tcpAttempt(ctx, remote, knock)
		ledger.Attempts = append(ledger.Attempts, a)
		if a.Outcome == Proven || ctx.Err() != nil {
			break
		}
	}
	return ledger
}

func (k Knocker) tcpAttempt(ctx context.Context, remote netip.AddrPort, knock message) Attempt {
	a := Attempt{Time: time.Now(), Outcome: NotConnected}
	opening, cancel := context.WithTimeout(ctx, tcpConnect)
	conn, err := k.Dialer.Dial(opening, remote)
	cancel()
	a.ConnectMs = ms(time.Since(a.Time))
	if err != nil {
		a.Connect, a.Error = k.Result(err), err.Error()
		return a
	}
	a.Connect = "open"
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	a.Local = addrPort(conn.LocalAddr())
	sent := time.Now()
	conn.SetDeadline(sent.Add(tcpPatience))
	// What cannot be written may still have been answered: a greeting, before a reset.
	_, writing := conn.Write(k.marshal(knock))
	data := make([]byte, 2*Size)
	n, err := answerOf(conn, data)
	m, ok := k.parse(data[:n], anAnswer, TCP)
	switch {
	case ok && m.nonce == knock.nonce && m.port == knock.port:
		a.Outcome, a.ArrivedOn, a.RTTMs = Proven, m.arrived, ms(time.Since(sent))
	case n > 0:
		a.Outcome, a.Stranger = Another, stranger(remote, data[:n])
	case isTimeout(err):
		a.Outcome = Silent
	default:
		a.Outcome = Closed
		if writing != nil {
			err = writing
		}
		a.Error = errorText(err)
	}
	return a
}

// answerOf reads what may be the bell's answer, or the first of what is not.
func answerOf(conn net.Conn, b []byte) (n int, err error) {
	for n < Size {
		var more int
		more, err = conn.Read(b[n:])
		n += more
		if err != nil || !mayBeMessage(b[:n]) {
			break
		}
	}
	return n, err
}
