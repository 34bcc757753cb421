package sipprobe_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"
)

// exchangeBytes writes to a stream endpoint and returns what it says until it closes
// the connection, or until want bytes are there.
func exchangeBytes(t *testing.T, conn net.Conn, data string, want int) string {
	t.Helper()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, data); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, want)
	n, err := io.ReadFull(bufio.NewReader(conn), buf)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Error("the connection stays open")
	}
	return string(buf[:n])
}

// What is not SIP ends the connection at once, and the tape says why.
func TestStrangersOnAStream(t *testing.T) {
	for name, row := range map[string]struct{ data, note string }{
		"HTTP":       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not SIP"},
		"TLS":        {"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", "not SIP"},
		"no length":  {without(tcp("OPTIONS", "a"), "Content-Length"), "Content-Length"},
		"two length": {strings.Replace(tcp("OPTIONS", "a"), "Content-Length: 0", "l: 0\r\nl: 9", 1), "Content-Length"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := guarded(answer200)
			server := setting{sipprobe.TCP, "127.0.0.1"}.listen(t, cfg)
			conn := open(t, sipprobe.TCP, server.Local())
			defer conn.Close()
			if got := exchangeBytes(t, conn, row.data, 1000); got != "" {
				t.Errorf("answered %q", got)
			}
			r := cfg.Tape.Records("")
			if len(r) != 1 || string(r[0].Data) != row.data || !strings.Contains(r[0].Note, row.note) {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestStreamKeepAliveAndPipelining(t *testing.T) {
	for _, transport := range []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS} {
		server := setting{transport, "127.0.0.1"}.listen(t, sipprobe.EndpointConfig{Serve: answer200, Tape: &sipprobe.Tape{}})
		conn := open(t, transport, server.Local())
		defer conn.Close()
		if got := exchangeBytes(t, conn, "\r\n\r\n", 2); got != "\r\n" {
			t.Errorf("pong %q", got)
		}
		io.WriteString(conn, tcp("OPTIONS", "a")+tcp("OPTIONS", "b")+"\r\n"+tcp("INFO", "c"))
		answers := 0
		for lines := bufio.NewScanner(conn); answers < 3 && lines.Scan(); {
			if lines.Text() == "SIP/2.0 200 OK" {
				answers++
			}
		}
		if answers != 3 {
			t.Errorf("%d answers", answers)
		}
	}
}

// One host cannot take all the connections, nor keep those that it has.
func TestConnectionsOfOneHost(t *testing.T) {
	server := setting{sipprobe.TCP, "127.0.0.1"}.listen(t, guarded(answer200))
	var conns []net.Conn
	for range sipprobe.MaxConnsPerHost {
		conns = append(conns, open(t, sipprobe.TCP, server.Local()))
		defer conns[len(conns)-1].Close()
	}
	within(t, 2*time.Second, "all are served", func() bool {
		return exchangeBytes(t, conns[len(conns)-1], "\r\n\r\n", 2) == "\r\n"
	})
	more := open(t, sipprobe.TCP, server.Local())
	defer more.Close()
	if got := exchangeBytes(t, more, "", 1); got != "" {
		t.Errorf("one too many was served: %q", got)
	}
	for _, c := range conns {
		c.Close()
	}
	within(t, 2*time.Second, "there is room again", func() bool {
		c := open(t, sipprobe.TCP, server.Local())
		defer c.Close()
		c.SetDeadline(time.Now().Add(time.Second))
		io.WriteString(c, "\r\n\r\n")
		n, _ := c.Read(make([]byte, 2))
		return n == 2
	})
}

// pipes is a listener that hands out what it is given.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return net.TCPAddrFromAddrPort(serverAt) }

// Without the key nobody keeps a connection, however busy; with it, it stays.
func TestStrangersAreSentAway(t *testing.T) {
	for _, hasKey := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := make(pipes)
			e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.TCP, Listener: l, Key: testKey, Guard: guard(), Serve: answer200})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			near, far := net.Pipe()
			l <- pipe{near, serverAt, netip.MustParseAddrPort(peerAddr)}
			start, buf := time.Now(), make([]byte, 4096)
			auth := "X: y"
			for i := 0; time.Since(start) < time.Minute; i++ {
				if _, err := io.WriteString(far, tcp("OPTIONS", fmt.Sprint(i), auth)+"\r\n\r\n"); err != nil {
					break
				}
				n, err := far.Read(buf)
				if err != nil {
					break
				}
				if hasKey && strings.HasPrefix(string(buf[:n]), "SIP/2.0 401") {
					auth = authorize(t, string(buf[:n]), claim{nc: i + 1})
				} else {
					auth = "X: y"
				}
				far.Read(buf) // the pong
				time.Sleep(time.Second)
			}
			if lived := time.Since(start); (lived > sipprobe.StrangerTimeout+2*time.Second) != hasKey {
				t.Errorf("key %v: lived for %v", hasKey, lived)
			}
			far.Close()
		})
	}
}
