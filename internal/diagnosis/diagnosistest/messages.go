package diagnosistest

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// A Path is what the way does to a message: it returns what arrives, and nothing where
// the message is lost.
type Path func(d scenarios.Direction, t sipprobe.Transport, message string) string

// A flow is one pair of sockets, as each end knows it.
type flow struct {
	transport         sipprobe.Transport
	client, responder socket
}

type socket struct{ local, remote netip.AddrPort }

// opened is the flow that the client opens; new is one that the responder opens.
func (s Site) opened(t sipprobe.Transport) flow {
	port, seen := t.DefaultPort(), uint16(40_000)
	if s.SourcePort != 0 {
		seen = s.SourcePort
	}
	return flow{t,
		socket{netip.AddrPortFrom(s.client(), 40_000), netip.AddrPortFrom(Public, port)},
		socket{netip.AddrPortFrom(Inside, port), netip.AddrPortFrom(Outside, seen)}}
}

func (s Site) new(t sipprobe.Transport) flow {
	port := t.DefaultPort()
	return flow{t,
		socket{netip.AddrPortFrom(s.client(), port), netip.AddrPortFrom(Public, port)},
		socket{netip.AddrPortFrom(Inside, port), netip.AddrPortFrom(Outside, port)}}
}

// send puts copies of a message on the tape of the end that sends it and, as the path
// leaves it, on the other's; it returns what arrived.
func (s Site) send(ev *evidence.Evidence, f flow, d scenarios.Direction, message string, copies int) string {
	from, to := &ev.Client, ev.Responder
	sender, receiver := f.client, f.responder
	if d == scenarios.Outbound {
		from, to, sender, receiver = to, from, receiver, sender
	}
	arrived := message
	if s.Path != nil {
		arrived = s.Path(d, f.transport, message)
	}
	for n := range copies {
		record(from, f.transport, sender, true, message, timerA(n))
		if arrived != "" {
			record(to, f.transport, receiver, false, arrived, timerA(n))
		}
	}
	return arrived
}

// timerA is when copy n of a request leaves after the first, which is copy 0 (RFC 3261
// section 17.1.1.2).
func timerA(n int) time.Duration { return (1<<n - 1) * 500 * time.Millisecond }

func record(l *evidence.Ledger, t sipprobe.Transport, s socket, sent bool, text string, after time.Duration) {
	l.Tape = append(l.Tape, sipprobe.Record{
		Time: Started.Add(time.Duration(len(l.Tape))*10*time.Millisecond + after), Transport: t, Sent: sent, Data: []byte(text),
		Local: s.local, Remote: s.remote,
	})
}

// A dialog is one end's view of what it sends.
type dialog struct {
	token, tag string // of the end that calls, and of the other
	to         string // the Request-URI
	from       netip.AddrPort
}

func text(lines ...string) string { return strings.Join(lines, "\r\n") }

// request is one as bothways sends it; media is invalid for a request without SDP.
func (d dialog) request(method string, t sipprobe.Transport, cseq int, media netip.AddrPort) string {
	to := "<" + d.to + ">"
	if d.tag != "" {
		to += ";tag=" + d.tag
	}
	lines := []string{
		fmt.Sprintf("%s %s SIP/2.0", method, d.to),
		fmt.Sprintf("Via: SIP/2.0/%s %s;branch=z9hG4bK%s.%s%d;rport", t, d.from, d.token, strings.ToLower(method[:1]), cseq),
		"Max-Forwards: 70",
		fmt.Sprintf("From: <sip:bothways@%s>;tag=%s", d.from, d.token),
		"To: " + to, "Call-ID: " + d.token, fmt.Sprintf("CSeq: %d %s", cseq, method),
	}
	if method == "INVITE" || method == "OPTIONS" {
		lines = append(lines, fmt.Sprintf("Contact: <sip:bothways@%s>", d.from))
	}
	return text(append(lines, content(media)...)...)
}

// response answers a request as it arrived.
func response(request, status, tag string, contact, media netip.AddrPort) string {
	lines := []string{"SIP/2.0 " + status}
	for l := range strings.SplitSeq(request, "\r\n") {
		name, value, _ := strings.Cut(l, ":")
		switch name {
		case "To":
			if !strings.Contains(value, "tag=") {
				l += ";tag=" + tag
			}
		case "Via", "From", "Call-ID", "CSeq":
		default:
			continue
		}
		lines = append(lines, l)
	}
	if contact.IsValid() {
		lines = append(lines, fmt.Sprintf("Contact: <sip:bothways@%s>", contact))
	}
	return text(append(lines, content(media)...)...)
}

// content is the end of a message, with SDP for a media address.
func content(media netip.AddrPort) []string {
	if !media.IsValid() {
		return []string{"Content-Length: 0", "", ""}
	}
	sdp := text("v=0", "o=bothways 1 1 IN IP4 "+media.Addr().String(), "s=bothways", "c=IN IP4 "+media.Addr().String(), "t=0 0",
		fmt.Sprintf("m=audio %d RTP/AVP 0", media.Port()), "a=sendrecv", "")
	return []string{"Content-Type: application/sdp", fmt.Sprintf("Content-Length: %d", len(sdp)), "", sdp}
}

// signal puts the messages of a call on both tapes.
func (s Site) signal(ev *evidence.Evidence, c *evidence.Check) {
	t, way := sipprobe.Transport(c.Transport), c.Direction
	none := netip.AddrPort{}
	f, offer, answer := s.opened(t), *c.CallFacts.Client.Advertised, *c.CallFacts.Responder.Advertised
	caller, called := f.client.local, s.contact(t)
	if s.ClientNAT {
		caller = netip.AddrPortFrom(Outside, 40_000)
	}
	if way == scenarios.Outbound {
		offer, answer, caller, called = answer, offer, called, caller
		if !s.ClientNAT {
			f = s.new(t)
			called = f.client.local
		}
	}
	back := scenarios.Inbound
	if way == scenarios.Inbound {
		back = scenarios.Outbound
	}
	d := dialog{token: ev.Run.Token(c.ID), to: fmt.Sprintf("sip:bothways@%s", f.destination(way)), from: caller}
	invite := s.send(ev, f, way, d.request("INVITE", t, 1, offer), 1)
	if invite == "" {
		return
	}
	tag := "t" + c.ID
	s.send(ev, f, back, response(invite, "180 Ringing", tag, called, none), 1)
	s.send(ev, f, back, response(invite, "200 OK", tag, called, answer), 1)
	d.tag, d.to = tag, fmt.Sprintf("sip:bothways@%s", called)
	s.send(ev, f, way, d.request("ACK", t, 1, none), 1)
	if bye := s.send(ev, f, way, d.request("BYE", t, 101, none), 1); bye != "" {
		s.send(ev, f, back, response(bye, "200 OK", tag, none, none), 1)
	}
}

// contact is the address that the responder wants its requests at.
func (s Site) contact(t sipprobe.Transport) netip.AddrPort {
	if s.PrivateContact {
		return netip.AddrPortFrom(Inside, t.DefaultPort())
	}
	return netip.AddrPortFrom(Public, t.DefaultPort())
}

// destination is where the flow leads in a direction.
func (f flow) destination(d scenarios.Direction) netip.AddrPort {
	if d == scenarios.Outbound {
		return f.responder.remote
	}
	return f.client.remote
}
