package responder_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// TestStrangersOfYesterday: what scanners sent before a run is no gap in its tape, and what
// pushes out its own messages is.
func TestStrangersOfYesterday(t *testing.T) {
	r := start(t, nil)
	scanner, err := net.Dial("udp", addressOf(r, sipprobe.UDP).String())
	if err != nil {
		t.Fatal(err)
	}
	defer scanner.Close()
	before, beside := newAgent(t, r, sipprobe.TCP, "before"), newAgent(t, r, sipprobe.UDP, "beside")
	before.hello(t)
	beside.hello(t)
	padding := strings.Repeat("x", 8000)
	for n := 1; n <= 140; n++ { // 1,400 messages, 11 MB
		for range 10 {
			fmt.Fprintf(scanner, "OPTIONS sip:100@pbx SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-%d\r\nFrom: <sip:100@1.1.1.1>;tag=1\r\nTo: <sip:100@1.1.1.1>\r\n"+
				"Call-ID: %d\r\nCSeq: 1 OPTIONS\r\nUser-Agent: friendly-scanner\r\nContent-Length: %d\r\n\r\n%s", n, n, len(padding), padding)
		}
		beside.order(t, pairing.Order{Seq: n}) // waits in the same queue
	}
	if before.ledger(t, 0).TapeDropped == 0 {
		t.Error("what scanners sent fits the tape")
	}
	now := newAgent(t, r, sipprobe.TCP, "now")
	now.hello(t)
	if n := now.ledger(t, 0).TapeDropped; n != 0 {
		t.Errorf("the tape of a new run lacks %d messages", n)
	}
}
