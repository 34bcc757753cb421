package sipprobe_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
)

// FuzzPacket throws datagrams at two live endpoints, one with a Guard and one
// without, which lets more of them through to the transactions. Whatever comes, no
// answer goes to another host, none is larger than a stranger's request, and the
// next good request is answered.
func FuzzPacket(f *testing.F) {
	for _, s := range torture() {
		f.Add([]byte(s))
	}
	m := newMemory()
	open := m.endpoint(f, "192.0.2.2:5060", sipprobe.EndpointConfig{Serve: func(in *sipprobe.Incoming) { in.Reply(486, "Busy", sipprobe.Body{}) }})
	strict := m.endpoint(f, serverAddr, sipprobe.EndpointConfig{
		Key: testKey, Guard: sipprobe.NewGuard(sipprobe.GuardConfig{Key: testKey, PerSource: 1e9}), Serve: answer200,
	})
	peer, good := m.node(peerAddr), m.node("198.51.100.8:5060")
	n := 0
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, e := range []*sipprobe.Endpoint{open, strict} {
			peer.WriteTo(data, net.UDPAddrFromAddrPort(e.Local()))
			n++
			good.WriteTo([]byte(request("OPTIONS", fmt.Sprint("probe", n))), net.UDPAddrFromAddrPort(e.Local()))
			select {
			case a := <-good.in:
				if !strings.HasPrefix(a.data, "SIP/2.0 ") {
					t.Errorf("answered %q", a.data)
				}
			case <-time.After(5 * time.Second):
				t.Fatal("a good request is not answered any more")
			}
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, s := range m.sent {
			switch {
			case s.to.Addr() == peer.addr.Addr() && s.from == strict.Local() && len(s.data) > len(data):
				t.Errorf("%d bytes drew %d", len(data), len(s.data))
			case s.to.Addr() != peer.addr.Addr() && s.to.Addr() != good.addr.Addr() && s.from.Addr() == serverAt.Addr():
				t.Errorf("an answer went to %v", s.to)
			}
		}
		m.sent = nil
		peer.heard()
	})
}

// A pipe with addresses: net.Pipe as a TCP connection.
type pipe struct {
	net.Conn
	local, remote netip.AddrPort
}

func (p pipe) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(p.local) }
func (p pipe) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(p.remote) }

// FuzzStream sends bytes over a connection, cut in two somewhere: the endpoint must
// see the same messages as when they come at once, and close or answer.
func FuzzStream(f *testing.F) {
	for _, s := range torture() {
		f.Add([]byte(s), 7)
		f.Add([]byte(strings.Replace(s, "SIP/2.0/UDP", "SIP/2.0/TCP", 1)), 100)
	}
	tape := &sipprobe.Tape{MaxBytes: 1 << 16}
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.TCP, Tape: tape, Serve: answer200})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close() })
	var ports atomic.Uint32
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		cut = int(uint(cut) % uint(len(data)+1))
		whole, _, _, _ := sipprobe.Frame(bytes.Clone(data))
		parts, _, _, _ := sipprobe.Frame(data[:cut], data[cut:])
		if d := cmp.Diff(whole, parts); d != "" {
			t.Errorf("cut at %d: %s", cut, d)
		}
		near, far := net.Pipe()
		port := ports.Add(1)
		remote := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(port >> 24), byte(port >> 16), 1}), uint16(port)|1)
		if err := e.Adopt(pipe{near, serverAt, remote}); err != nil {
			t.Fatal(err)
		}
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			buf := make([]byte, 1<<16)
			for {
				if _, err := far.Read(buf); err != nil {
					return
				}
			}
		}()
		far.SetDeadline(time.Now().Add(5 * time.Second))
		for _, part := range [][]byte{data[:cut], data[cut:]} {
			if len(part) > 0 {
				far.Write(part) // fails when the endpoint has had enough
			}
		}
		far.Close()
		<-heard
		within(t, 5*time.Second, "the connection is given up", func() bool { return !e.Connected(remote) })
	})
}

// FuzzVia holds the reading of Via against its rewriting.
func FuzzVia(f *testing.F) {
	for _, v := range []string{
		"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;rport", "SIP/2.0/UDP [2001:db8::1]:5060;rport;branch=z9hG4bKa",
		"SIP / 2.0 / UDP h : 5061 ; rport ; received=1.2.3.4", "SIP/2.0/UDP a;rport=, SIP/2.0/TCP b;rport", "SIP/2.0/UDP a;RPORT", ";;;=;,", "",
	} {
		f.Add(v)
	}
	from := netip.MustParseAddrPort(peerAddr)
	f.Fuzz(func(t *testing.T, via string) {
		branch, had := sipprobe.ViaParam(via, "branch")
		value, asked := sipprobe.ViaParam(via, "rport")
		host, port := sipprobe.ViaSentBy(via)
		out := sipprobe.ViaReceived(via, from)
		if b, has := sipprobe.ViaParam(out, "branch"); b != branch || has != had {
			t.Errorf("branch %q became %q in %q", branch, b, out)
		}
		if h, p := sipprobe.ViaSentBy(out); h != host || p != port {
			t.Errorf("sent-by %v:%d became %v:%d", host, port, h, p)
		}
		if asked && value == "" && sipprobe.Observed(out) != from {
			t.Errorf("%q does not say where the request came from", out)
		}
		if strings.Count(out, ",") != strings.Count(via, ",") {
			t.Errorf("%q became %q", via, out)
		}
	})
}

// FuzzMedia reads what it reads the same way after it has written it again.
func FuzzMedia(f *testing.F) {
	for _, s := range sdpSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := sipprobe.ParseMedia(body)
		if err != nil {
			return
		}
		again, err := m.Offer()
		if err != nil {
			t.Fatalf("%+v: %v", m, err)
		}
		back, err := sipprobe.ParseMedia(again)
		if err != nil || fmt.Sprint(back) != fmt.Sprint(m) {
			t.Errorf("%+v became %+v: %v", m, back, err)
		}
	})
}
