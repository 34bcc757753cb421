package gateway_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/gateway"
	"bothways/internal/network"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// router answers what it is asked on a UDP port of the loopback address; nil is silence.
func router(t *testing.T, answers func(question []byte) []byte) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		buffer := make([]byte, 2048)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			if b := answers(buffer[:n]); b != nil {
				conn.WriteToUDPAddrPort(b, from)
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestNATPMP(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer  []byte
		outcome string
		wan     string
	}{
		"told":               {[]byte{0, 128, 0, 0, 0, 0, 0, 9, 100, 64, 0, 10}, "told", "100.64.0.10"},
		"no address":         {[]byte{0, 128, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0}, "refused", ""},
		"network failure":    {[]byte{0, 128, 0, 3, 0, 0, 0, 9}, "refused", ""},
		"another version":    {[]byte{0, 128, 0, 1, 0, 0, 0, 9}, "refused", ""},
		"PCP":                {append([]byte{2, 128, 0, 1}, make([]byte, 20)...), "refused", ""},
		"a mapping's answer": {[]byte{0, 129, 0, 0, 0, 0, 0, 9, 100, 64, 0, 10}, "silent", ""},
		"cut":                {[]byte{0, 128, 0, 0, 0, 0, 0, 9, 100}, "silent", ""},
		"silence":            {nil, "silent", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			at := router(t, func(q []byte) []byte {
				if string(q) != "\x00\x00" {
					t.Errorf("asked % x", q)
				}
				return row.answer
			})
			wan, err := gateway.AskNATPMP(ctx, network.Host{}, at)
			check(t, gateway.Answer(evidence.NATPMP, wan, err), row.outcome, row.wan)
		})
	}
}

func check(t *testing.T, a evidence.GatewayAnswer, outcome, wan string) {
	t.Helper()
	var want netip.Addr
	if wan != "" {
		want = netip.MustParseAddr(wan)
	}
	if a.Outcome != outcome || a.WAN != want || (outcome == "refused") != (a.Error != "") {
		t.Errorf("got %+v, want %s %s", a, outcome, wan)
	}
}

// TestNATPMPAsksAgain loses the first question.
func TestNATPMPAsksAgain(t *testing.T) {
	t.Parallel()
	questions := 0
	at := router(t, func([]byte) []byte {
		if questions++; questions == 1 {
			return nil
		}
		return []byte{0, 128, 0, 0, 0, 0, 0, 9, 203, 0, 113, 10}
	})
	ctx, cancel := context.WithTimeout(t.Context(), gateway.Patience)
	defer cancel()
	if wan, err := gateway.AskNATPMP(ctx, network.Host{}, at); err != nil || wan != netip.MustParseAddr("203.0.113.10") {
		t.Errorf("%v, %v", wan, err)
	}
}

// overdue is a context that has not ended yet when its deadline has passed, as on a
// machine with more to do than it can.
type overdue struct {
	context.Context
	deadline time.Time
}

func (o overdue) Deadline() (time.Time, bool) { return o.deadline, true }

// TestSilenceIsNotPressed asks a silent router no more than the pauses between the
// questions allow: at once, after 250 ms, and just after the end where the machine is busy.
func TestSilenceIsNotPressed(t *testing.T) {
	t.Parallel()
	var questions atomic.Int64
	at := router(t, func([]byte) []byte {
		questions.Add(1)
		return nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	ctx = overdue{ctx, time.Now().Add(500 * time.Millisecond)}
	if _, err := gateway.AskNATPMP(ctx, network.Host{}, at); err == nil {
		t.Error("told by a router that is silent")
	}
	if n := questions.Load(); n < 2 || n > 3 {
		t.Errorf("%d questions", n)
	}
}

// TestQuestionsGivenUp ends the wait for a silent router an hour before its time.
func TestQuestionsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	at := router(t, func([]byte) []byte {
		cancel()
		return nil
	})
	if _, err := gateway.AskNATPMP(ctx, network.Host{}, at); err == nil {
		t.Error("told by a router that is silent")
	}
}

// elsewhere is a network that knows no router.
type elsewhere struct{ network.Network }

func TestNoRouter(t *testing.T) {
	if g := gateway.Ask(t.Context(), elsewhere{network.Host{}}); g.Address.IsValid() || g.Error == "" || g.Answers != nil {
		t.Errorf("%+v", g)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0, 128, 0, 0, 0, 0, 0, 9, 100, 64, 0, 10})
	f.Add([]byte("HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\nLOCATION: http://127.0.0.1:5000/root.xml\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nST: :InternetGatewayDevice:\r\nLOCATION: http://192.0.2.1/\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if wan, ok, err := gateway.ParseNATPMP(b); ok && err == nil && !wan.Is4() {
			t.Errorf("told %v", wan)
		}
		for _, opcode := range []byte{1, 2} {
			if wan, ok, err := gateway.ParsePCP(opcode, b); ok && err == nil && !wan.Is4() {
				t.Errorf("told %v by PCP", wan)
			}
		}
		if u := gateway.ReadLocation(b, loopback); u != nil && netip.MustParseAddr(u.Hostname()).Unmap() != loopback {
			t.Errorf("led to %s", u)
		}
	})
}
