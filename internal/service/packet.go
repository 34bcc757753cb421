package service

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// copies are when a question over UDP leaves, counted from the start (RFC 3261 section
// 17.1.2.2 with T1 of 500 ms).
func copies() []time.Duration {
	return []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond}
}

// maxStrange bounds the datagrams that are read of what does not answer.
const maxStrange = 64

func (a Asker) packet(ctx context.Context, s *Said) {
	conn, err := a.Dialer.DialPacket(ctx, a.Local, s.Remote)
	if err != nil {
		s.Outcome, s.Error = NotSent, err.Error()
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	s.Local = addrPort(conn.LocalAddr())
	ask, answered := a.datagram(s)
	times := copies()
	var sent bool
	for i, at := range times {
		left := time.Now()
		_, err := conn.Write(ask)
		sent = sent || err == nil
		pause := talkTime - at
		if i+1 < len(times) {
			pause = times[i+1] - at
		}
		// From now on: where this machine stood still, the answer has not been read yet.
		conn.SetReadDeadline(time.Now().Add(pause))
		if listen(ctx, conn, s, answered) {
			s.RTTMs = ms(time.Since(left))
			return
		}
		if ctx.Err() != nil {
			break
		}
	}
	switch {
	case s.Outcome != "":
	case !sent:
		s.Outcome = NotSent
	default:
		s.Outcome = Silent
	}
}

// listen reads until the deadline; true when the answer has come.
func listen(ctx context.Context, conn net.Conn, s *Said, answered func([]byte) bool) bool {
	buf := make([]byte, 4096)
	for range maxStrange {
		if ctx.Err() != nil { // before this deadline was set, which undid the one that ends it
			return false
		}
		n, err := conn.Read(buf)
		switch {
		case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded):
			return false
		case err != nil: // what ICMP said of an earlier copy
			s.Error = err.Error()
		case answered(buf[:n]):
			s.Error = ""
			return true
		default:
			s.Outcome, s.Line = Unfit, line(buf[:n])
		}
	}
	return false
}

// datagram is what asks, and what knows the answer.
func (a Asker) datagram(s *Said) (ask []byte, answered func([]byte) bool) {
	if s.Protocol == NTP {
		return ntp(s)
	}
	q := newQuestion("UDP", s.Local, s.Remote, a.Name)
	return q.request, func(b []byte) bool { return q.answers(s, b) }
}

// Of an NTP packet (RFC 5905 section 7.3): its size, and where the times lie that an answer repeats.
const (
	ntpBytes    = 48
	ntpOrigin   = 24
	ntpTransmit = 40
)

func ntp(s *Said) (ask []byte, answered func([]byte) bool) {
	ask = make([]byte, ntpBytes)
	ask[0] = 4<<3 | 3            // version 4, client
	rand.Read(ask[ntpTransmit:]) // RFC 8633 section 5.1: our own time is nobody's business
	return ask, func(b []byte) bool {
		if len(b) < ntpBytes || b[0]&7 != 4 || !bytes.Equal(b[ntpOrigin:ntpOrigin+8], ask[ntpTransmit:]) {
			return false
		}
		s.Outcome, s.Line = Fits, fmt.Sprintf("NTP version %d, stratum %d", b[0]>>3&7, b[1])
		return true
	}
}
