package interop_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bothways/internal/responder"
	"bothways/sipprobe"
)

// request is a request without the key, of the size that phones send.
func request(method string, transport sipprobe.Transport, from netip.AddrPort, padding int) string {
	return fmt.Sprintf("%[1]s sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/%[2]s %[3]s;branch=z9hG4bK%[1]s%[4]d;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:a@%[3]s>;tag=1\r\nTo: <sip:x@127.0.0.1>\r\nCall-ID: %[1]s%[4]d\r\nCSeq: 1 %[1]s\r\nContact: <sip:a@%[3]s>\r\n"+
		"X-Padding: %[5]s\r\nContent-Length: 0\r\n\r\n", method, transport.String(), from, padding, strings.Repeat("x", padding))
}

// TestStrangersDrawNoMoreThanTheySend measures what comes back over real sockets,
// for requests of every size.
func TestStrangersDrawNoMoreThanTheySend(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"OPTIONS", "INVITE", "MESSAGE", "REGISTER", "BYE", "SUBSCRIBE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			r := start(t, nil)
			c := packetConn(t, loopback)
			sizes := make(map[string]int) // by Call-ID
			for padding := 0; padding <= 300; padding += 20 {
				m := request(method, sipprobe.UDP, addressOfConn(c), padding)
				sizes[callID(m)] = len(m)
				c.WriteToUDPAddrPort([]byte(m), addressOf(r, sipprobe.UDP))
			}
			got := append(answers(c), received(c, 600*time.Millisecond)...) // T1 would repeat them
			if len(got) == 0 {
				t.Error("no request was answered at all")
			}
			for _, answer := range got {
				asked, first := sizes[callID(string(answer))]
				if delete(sizes, callID(string(answer))); !first || len(answer) > asked {
					t.Errorf("%d bytes drew %d, once %v:\n%s", asked, len(answer), first, answer)
				}
				if !strings.HasPrefix(string(answer), "SIP/2.0 401 ") && !strings.HasPrefix(string(answer), "SIP/2.0 415 ") {
					t.Errorf("answered with more than a challenge: %s", answer)
				}
			}
		})
	}
}

// callID is the value of a message's Call-ID, in the long or the compact form.
func callID(message string) string {
	for line := range strings.SplitSeq(message, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if name == "Call-ID" || name == "i" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestChallengesAreLimitedPerSource(t *testing.T) {
	t.Parallel()
	r := start(t, nil)
	flood, other := packetConn(t, loopback), packetConn(t, third)
	begun := time.Now()
	const burst, perSecond = 40, 20
	for i := range 400 {
		flood.WriteToUDPAddrPort([]byte(request("OPTIONS", sipprobe.UDP, addressOfConn(flood), 100+i)), addressOf(r, sipprobe.UDP))
	}
	n := len(answers(flood))
	if most := burst + int(perSecond*time.Since(begun).Seconds()) + 1; n > most || n < burst {
		t.Errorf("%d challenges were drawn, want %d to %d", n, burst, most)
	}
	other.WriteToUDPAddrPort([]byte(request("OPTIONS", sipprobe.UDP, addressOfConn(other), 100)), addressOf(r, sipprobe.UDP))
	if len(answers(other)) != 1 {
		t.Error("another source suffers from the flood")
	}
}

// TestAnswerGoesToTheSource sends requests whose Via names somebody else.
func TestAnswerGoesToTheSource(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*responder.Config){"guarded": nil, "open": answerAnyone} {
		t.Run(name, func(t *testing.T) {
			r := start(t, change)
			c, victim := packetConn(t, loopback), packetConn(t, third)
			for _, method := range []string{"OPTIONS", "INVITE", "REGISTER"} {
				m := request(method, sipprobe.UDP, addressOfConn(victim), 100)
				c.WriteToUDPAddrPort([]byte(m), addressOf(r, sipprobe.UDP))
				if len(answers(c)) == 0 {
					t.Errorf("%s: no answer came to the source", method)
				}
				c.WriteToUDPAddrPort([]byte(strings.Replace(m, ";rport", "", 1)), addressOf(r, sipprobe.UDP))
				c.WriteToUDPAddrPort([]byte(strings.Replace(m, ";rport", ";received=127.0.0.2;maddr=127.0.0.2;rport", 1)), addressOf(r, sipprobe.UDP))
			}
			nothing(t, victim, "the third party")
		})
	}
}

func nothing(t *testing.T, c *net.UDPConn, whom string) {
	t.Helper()
	if got := received(c, 300*time.Millisecond); len(got) != 0 {
		t.Errorf("%d packets were sent to %s, the first: %.80q", len(got), whom, got[0])
	}
}

// TestNoAudioBeforeACK calls a responder that answers anyone, and never acknowledges:
// the source of an INVITE over UDP may be forged.
func TestNoAudioBeforeACK(t *testing.T) {
	t.Parallel()
	r := start(t, answerAnyone)
	c, media := packetConn(t, loopback), packetConn(t, loopback)
	sdp, err := sipprobe.Media{Address: addressOfConn(media), Payloads: []uint8{0}}.Offer()
	if err != nil {
		t.Fatal(err)
	}
	m := request("INVITE", sipprobe.UDP, addressOfConn(c), 0)
	m = strings.Replace(m, "Content-Length: 0\r\n\r\n", fmt.Sprintf("Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(sdp), sdp), 1)
	c.WriteToUDPAddrPort([]byte(m), addressOf(r, sipprobe.UDP))
	got := answers(c)
	if len(got) == 0 || !strings.HasPrefix(string(got[len(got)-1]), "SIP/2.0 200") {
		t.Fatalf("not answered: %q", got)
	}
	nothing(t, media, "a caller who may not be there")
}
