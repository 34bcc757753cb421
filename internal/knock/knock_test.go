package knock_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bothways/internal/knock"
	"bothways/internal/network/networktest"
)

// A host opens sockets on loopback.
type host struct{}

func (host) Dial(ctx context.Context, remote netip.AddrPort) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", remote.String())
}

func (host) DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(local)}
	return d.DialContext(ctx, "udp", remote.String())
}

// knocker knocks from an address.
func knocker(d knock.Dialer, local netip.AddrPort, terms knock.Terms) knock.Knocker {
	return knock.Knocker{Terms: terms, Dialer: d, Result: result, Local: local}
}

// result is as much as the tests tell apart, by what each system says.
func result(err error) string {
	if strings.Contains(err.Error(), "refused") {
		return "refused"
	}
	return "local"
}

var local = netip.MustParseAddrPort("127.0.0.1:0")

func addrOf(a net.Addr) netip.AddrPort { return netip.MustParseAddrPort(a.String()) }

func listenTCP(t *testing.T, at string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func listenUDP(t *testing.T, at string) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// hang hangs a bell, and returns where and how to hear what it heard.
func hang(t *testing.T, over knock.Transport, at string, cfg knock.BellConfig) (netip.AddrPort, func() knock.Heard) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan knock.Heard, 1)
	take := sync.OnceValue(func() knock.Heard { cancel(); return networktest.Within(t, done, "the bell rings on") })
	t.Cleanup(func() { take() })
	if over == knock.TCP {
		l := listenTCP(t, at)
		go func() { done <- knock.RingTCP(ctx, l, cfg) }()
		return addrOf(l.Addr()), take
	}
	c := listenUDP(t, at)
	go func() { done <- knock.RingUDP(ctx, c, cfg) }()
	return addrOf(c.LocalAddr()), take
}

func TestTheBellAnswers(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, over := range []knock.Transport{knock.TCP, knock.UDP} {
			t.Run(string(over)+at, func(t *testing.T) {
				bell, take := hang(t, over, at, knock.BellConfig{Terms: terms()})
				k := knocker(host{}, netip.MustParseAddrPort(at), terms()).At(t.Context(), over, bell)
				h := take()
				a := k.Answered()
				if a == nil || a.ArrivedOn != bell.Port() || a.RTTMs == nil || len(k.Attempts) != 1 || k.Remote != bell {
					t.Fatalf("%+v", k)
				}
				if len(h.Arrivals) != 1 || h.Strangers != 0 || h.Error != "" || h.Local != bell {
					t.Fatalf("%+v", h)
				}
				got := h.Arrivals[0]
				if got.Remote != a.Local || got.Local != bell || got.Port != bell.Port() || got.Knocks != 1 || got.Answered != 1 {
					t.Errorf("%+v, knocked from %v", got, a.Local)
				}
			})
		}
	}
}

// TestWrongTerms knocks with another key: the bell says nothing and counts a stranger.
func TestWrongTerms(t *testing.T) {
	t.Parallel()
	wrong := terms()
	wrong.Key = []byte("another")
	for over, outcome := range map[knock.Transport]knock.Outcome{knock.TCP: knock.Closed, knock.UDP: knock.Silent} {
		t.Run(string(over), func(t *testing.T) {
			t.Parallel()
			bell, take := hang(t, over, "127.0.0.1:0", knock.BellConfig{Terms: terms()})
			k := knocker(host{}, local, wrong).At(t.Context(), over, bell)
			h := take()
			if k.Answered() != nil || k.Another() != nil || len(k.Attempts) < 2 || k.Attempts[0].Outcome != outcome {
				t.Errorf("%+v", k)
			}
			if len(h.Arrivals) != 0 || h.Strangers != int64(len(k.Attempts)) || len(h.StrangersFrom) == 0 {
				t.Errorf("%+v", h)
			}
		})
	}
}

// TestStrangersAnswer has others answer: with a line, with the knock itself, and with
// bytes that only begin like an answer.
func TestStrangersAnswer(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		reply func([]byte) []byte
		head  string
	}{
		"line": {func([]byte) []byte { return []byte("220 mail.example.com\r\n") }, "220 mail.example.com"},
		"echo": {func(b []byte) []byte { return b }, "hex 42 57 4b 01"},
		"near": {func([]byte) []byte { return append([]byte("BWK"), make([]byte, 60)...) }, "hex 42 57 4b 00"},
	} {
		for _, over := range []knock.Transport{knock.TCP, knock.UDP} {
			t.Run(name+"-"+string(over), func(t *testing.T) {
				t.Parallel()
				k := knocker(host{}, local, terms()).At(t.Context(), over, strange(t, over, row.reply))
				a := k.Another()
				if a == nil || k.Answered() != nil || a.Stranger == nil || a.Stranger.From != k.Remote || a.Stranger.Bytes == 0 {
					t.Fatalf("%+v", k)
				}
				if got := a.Stranger.Head; len(got) < len(row.head) || got[:len(row.head)] != row.head {
					t.Errorf("%q, want %q", got, row.head)
				}
			})
		}
	}
}

// strange is a service that answers the first bytes of everybody.
func strange(t *testing.T, over knock.Transport, reply func([]byte) []byte) netip.AddrPort {
	t.Helper()
	buf := make([]byte, 2048)
	if over == knock.UDP {
		c := listenUDP(t, "127.0.0.1:0")
		go func() {
			for {
				n, from, err := c.ReadFrom(buf)
				if err != nil {
					return
				}
				c.WriteTo(reply(buf[:n]), from)
			}
		}()
		return addrOf(c.LocalAddr())
	}
	l := listenTCP(t, "127.0.0.1:0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			n, _ := c.Read(buf)
			c.Write(reply(buf[:n]))
			c.Close()
		}
	}()
	return addrOf(l.Addr())
}

// TestNobodyListens: what a host says to a knock at a port that nobody has.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, c := listenTCP(t, "127.0.0.1:0"), listenUDP(t, "127.0.0.1:0")
	tcp, udp := addrOf(l.Addr()), addrOf(c.LocalAddr())
	l.Close()
	c.Close()
	k := knocker(host{}, local, terms()).At(t.Context(), knock.TCP, tcp)
	if a := k.Attempts[0]; a.Connect != "refused" || a.Outcome != knock.NotConnected || a.Error == "" || k.ICMP != nil {
		t.Errorf("%+v", k)
	}
	k = knocker(host{}, local, terms()).At(t.Context(), knock.UDP, udp)
	if len(k.ICMP) != 1 || k.ICMP[0].Meaning != "port-unreachable" || len(k.Attempts) < 2 || k.Attempts[1].Outcome != knock.Silent {
		t.Fatalf("%+v", k)
	}
	if from := k.ICMP[0].From; runtime.GOOS == "linux" && from != udp.Addr() {
		t.Errorf("reported by %v", from)
	}
}

// TestSilentConnection: a connection that says nothing is held no longer than a bell hangs.
func TestSilentConnection(t *testing.T) {
	t.Parallel()
	l := listenTCP(t, "127.0.0.1:0")
	k := knocker(host{}, local, terms()).At(t.Context(), knock.TCP, addrOf(l.Addr())) // nobody accepts
	if a := k.Attempts[0]; a.Connect != "open" || a.Outcome != knock.Silent {
		t.Errorf("%+v", k)
	}
	bell, take := hang(t, knock.TCP, "127.0.0.1:0", knock.BellConfig{Terms: terms()})
	c, err := net.Dial("tcp", bell.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("BWK")); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	take()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("the bell was taken down after %v", took)
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestNothingGoesToTheUnproven: who may not be sent to is heard, and not answered.
func TestNothingGoesToTheUnproven(t *testing.T) {
	t.Parallel()
	bell, take := hang(t, knock.UDP, "127.0.0.1:0", knock.BellConfig{Terms: terms(), Allow: func(netip.AddrPort) bool { return false }})
	k := knocker(host{}, local, terms()).At(t.Context(), knock.UDP, bell)
	h := take()
	if k.Answered() != nil || len(h.Arrivals) != 1 || !h.Arrivals[0].Refused || h.Arrivals[0].Answered != 0 || h.Arrivals[0].Knocks != len(k.Attempts) {
		t.Errorf("%+v\n%+v", k, h)
	}
}

// interrupted is a host of which nothing leaves until a time.
type interrupted struct {
	host
	until time.Time
}

func (h interrupted) DialPacket(ctx context.Context, local, remote netip.AddrPort) (net.Conn, error) {
	c, err := h.host.DialPacket(ctx, local, remote)
	return swallowing{c, h.until}, err
}

type swallowing struct {
	net.Conn
	until time.Time
}

func (c swallowing) Write(b []byte) (int, error) {
	if time.Now().Before(c.until) {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// TestKnocksOutlastAnInterruption takes the line away for 6 s, in which a router is
// restarted or a mobile network changes cells.
func TestKnocksOutlastAnInterruption(t *testing.T) {
	t.Parallel()
	bell, _ := hang(t, knock.UDP, "127.0.0.1:0", knock.BellConfig{Terms: terms()})
	line := interrupted{until: time.Now().Add(6 * time.Second)}
	if k := knocker(line, local, terms()).At(t.Context(), knock.UDP, bell); k.Answered() == nil {
		t.Errorf("%+v", k)
	}
}

// A wire is a UDP socket in memory, with one peer. After is called when something has left.
type wire struct {
	net.Conn
	at    *net.UDPAddr
	after func()
}

func (w wire) LocalAddr() net.Addr { return w.at }

func (w wire) Write(b []byte) (int, error) {
	b = bytes.Clone(b)
	go w.Conn.Write(b) // which waits until it is read
	w.after()
	return len(b), nil
}

func (w wire) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := w.Read(b)
	return n, w.at, err
}

func (w wire) WriteTo(b []byte, _ net.Addr) (int, error) { return w.Write(b) }

// A wired machine has a wire.
type wired struct {
	host
	wire
}

func (w wired) DialPacket(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
	return w.wire, nil
}

// TestAStandstillIsNoSilence: a machine stands still between a knock and its answer for longer than all knocks take.
func TestAStandstillIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		here, bell := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.1:40000")), netip.MustParseAddrPort("192.0.2.2:5000")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan knock.Heard, 1)
		go func() {
			done <- knock.RingUDP(ctx, wire{far, net.UDPAddrFromAddrPort(bell), func() {}}, knock.BellConfig{Terms: terms()})
		}()
		first := sync.OnceFunc(func() { time.Sleep(20 * time.Second) })
		k := knocker(wired{wire: wire{near, here, first}}, local, terms()).At(t.Context(), knock.UDP, bell)
		if k.Answered() == nil || len(k.Attempts) != 1 {
			t.Errorf("%+v", k)
		}
		cancel()
		<-done
	})
}

// A starved listener has no file descriptor for a while.
type starved struct {
	until  time.Time
	tries  int
	once   sync.Once
	closed chan struct{}
}

func (s *starved) Accept() (net.Conn, error) {
	if s.tries++; time.Now().Before(s.until) {
		return nil, syscall.EMFILE
	}
	<-s.closed
	return nil, net.ErrClosed
}

func (s *starved) Close() error { s.once.Do(func() { close(s.closed) }); return nil }

func (*starved) Addr() net.Addr { return net.TCPAddrFromAddrPort(local) }

// TestTheBellOutlivesAShortage of file descriptors, and does not ask for them without a pause.
func TestTheBellOutlivesAShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		start := time.Now()
		l := &starved{until: start.Add(10 * time.Second), closed: make(chan struct{})}
		h := knock.RingTCP(ctx, l, knock.BellConfig{Terms: terms()})
		if took := time.Since(start); h.Error != "" || took != 20*time.Second || l.tries > 250 {
			t.Errorf("after %v and %d tries: %q", took, l.tries, h.Error)
		}
	})
}

// TestBellsAreBounded rings from more places, and more often, than a bell notes.
func TestBellsAreBounded(t *testing.T) {
	t.Parallel()
	bell, take := hang(t, knock.UDP, "127.0.0.1:0", knock.BellConfig{Terms: terms()})
	c, err := net.Dial("udp", bell.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answered := 0
	for i := range knock.MaxAnswers + 20 {
		port := uint16(1 + i%(knock.MaxArrivals+10))
		c.Write(terms().Knock(knock.UDP, port))
		c.SetReadDeadline(time.Now().Add(time.Second))
		if port > knock.MaxArrivals {
			continue // nobody answers
		}
		if _, err := c.Read(make([]byte, 100)); err == nil {
			answered++
		} else {
			break
		}
	}
	for range knock.MaxNamed + 5 {
		c.Write([]byte("who is there?"))
	}
	c.Write(terms().Knock(knock.UDP, 1)) // the last to arrive
	h := take()
	total := 0
	for _, a := range h.Arrivals {
		total += a.Answered
	}
	if len(h.Arrivals) != knock.MaxArrivals || total > knock.MaxAnswers || answered < knock.MaxArrivals {
		t.Errorf("%d arrivals, %d answers, %d seen", len(h.Arrivals), total, answered)
	}
	if len(h.StrangersFrom) > knock.MaxNamed {
		t.Errorf("%d strangers are named", len(h.StrangersFrom))
	}
}

// TestKnocksEndWithTheirContext: nobody waits for answers that are not wanted any more.
func TestKnocksEndWithTheirContext(t *testing.T) {
	t.Parallel()
	c := listenUDP(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	knocker(host{}, local, terms()).At(ctx, knock.UDP, addrOf(c.LocalAddr()))
	knocker(host{}, local, terms()).At(ctx, knock.TCP, addrOf(c.LocalAddr()))
	if took := time.Since(start); took > knock.Patience()/2 {
		t.Errorf("%v", took)
	}
}

// broken is a host that cannot open anything.
type broken struct{}

var errBroken = errors.New("no sockets today")

func (broken) Dial(context.Context, netip.AddrPort) (net.Conn, error) { return nil, errBroken }

func (broken) DialPacket(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
	return nil, errBroken
}

func TestLocalTrouble(t *testing.T) {
	for over, want := range map[knock.Transport]knock.Outcome{knock.TCP: knock.NotConnected, knock.UDP: knock.NotSent} {
		k := knocker(broken{}, local, terms()).At(t.Context(), over, netip.MustParseAddrPort("127.0.0.1:9"))
		if a := k.Attempts[0]; a.Outcome != want || a.Error != errBroken.Error() || over == knock.TCP && a.Connect != "local" {
			t.Errorf("%+v", k)
		}
	}
}

func TestFaults(t *testing.T) {
	l := listenTCP(t, "127.0.0.1:0")
	_, err := net.Listen("tcp", l.Addr().String())
	if got := knock.FaultOf(err); got != knock.InUse {
		t.Errorf("%v: %q", err, got)
	}
	if got := knock.FaultOf(nil); got != "" {
		t.Errorf("no error: %q", got)
	}
	if got := knock.FaultOf(errBroken); got != knock.OtherFault {
		t.Errorf("%q", got)
	}
}
