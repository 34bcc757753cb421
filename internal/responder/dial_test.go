package responder_test

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

// TestDialUntilTheClientIsThere tries in vain first, at one address after the other.
func TestDialUntilTheClientIsThere(t *testing.T) {
	t.Parallel()
	log := &notebook{}
	r := start(t, func(c *responder.Config) { c.Logger = slog.New(log) })
	l := listen(t, "127.0.0.1:0")
	there := at(l)
	l.Close()
	ended, stop := dial(t, r, nobody(t), there)
	log.wait(t, "no client to be paired with yet", 2)
	came := make(chan netip.AddrPort, 10)
	e := clientAt(t, listen(t, there.String()), withKey("k"), func(in *sipprobe.Incoming) {
		if in.Method == "INVITE" {
			in.Reply(486, "Busy Here", sipprobe.Body{})
			return
		}
		p, err := pairing.DecodePresence(in.Body)
		if err != nil || p.Local != in.Source || p.Dialled != there || p.Program.Version != "test" || in.User == "" {
			t.Errorf("%+v %q, %v", p, in.User, err)
		}
		accept(in)
		came <- in.Source
	})
	log.wait(t, "client dialled client=", 1)
	ordersOver(t, e, networktest.Within(t, came, "the responder has not come"))
	stop()
	if err := networktest.Within(t, ended, "Dial goes on"); err != nil {
		t.Errorf("Dial: %v", err)
	}
}

// ordersOver gives orders down the connection that the responder has dialled.
func ordersOver(t *testing.T, e *sipprobe.Endpoint, peer netip.AddrPort) {
	t.Helper()
	a := &agent{Endpoint: e, run: "abc", peer: peer}
	if reply := a.hello(t); reply.Welcome == nil || reply.Welcome.SeenAs.Addr() != loopback {
		t.Errorf("%+v", reply)
	}
	if reply := a.order(t, pairing.Order{Seq: 1, Fetch: &pairing.Fetch{}}); reply.Part == nil || !reply.Part.Ready {
		t.Errorf("%+v", reply)
	}
	check := aCheck("out", sipprobe.TLS, time.Second) // over this very connection
	if reply := a.order(t, pairing.Order{Seq: 2, Call: &pairing.Call{Check: check}}); reply.Error != "" {
		t.Errorf("%+v", reply)
	}
	var end evidence.CallEnd
	if recordOf(t, a, 3, "out", &end); end.Invite == nil || end.Invite.Status != 486 {
		t.Errorf("%+v", end)
	}
}

// TestDialSaysThingsOnce: who is dialled for months in vain fills no log, though each error names other ports.
func TestDialSaysThingsOnce(t *testing.T) {
	t.Parallel()
	log := &notebook{}
	r := start(t, func(c *responder.Config) { c.Logger = slog.New(log) })
	l := listen(t, "127.0.0.1:0")
	dial(t, r, at(l))
	for range 4 {
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		conn.Read(make([]byte, 1))
		conn.(*net.TCPConn).SetLinger(0) // a reset
		conn.Close()
	}
	log.wait(t, "no client to be paired with yet", 1)
	if n := log.count("no client to be paired with yet"); n != 1 {
		t.Errorf("%d lines: %q", n, log.lines)
	}
}

// TestSilentClient is asked whether it is there, and dialled again when it is not.
func TestSilentClient(t *testing.T) {
	t.Parallel()
	log := &notebook{}
	r := start(t, func(c *responder.Config) { c.Logger = slog.New(log) })
	l := listen(t, "127.0.0.1:0")
	var messages atomic.Int64
	clientAt(t, l, withKey("k"), func(in *sipprobe.Incoming) {
		if messages.Add(1) == 3 {
			<-t.Context().Done()
		}
		accept(in)
	})
	dial(t, r, at(l))
	log.wait(t, "connection to the client ended", 1)
	log.wait(t, "client dialled", 2)
	if n := messages.Load(); n < 4 {
		t.Errorf("%d messages", n)
	}
}

// TestDialMeets everything that is not a client which waits.
func TestDialMeets(t *testing.T) {
	t.Parallel()
	refuse := func(in *sipprobe.Incoming) { in.Reply(405, "Method Not Allowed", sipprobe.Body{}) }
	busy := func(in *sipprobe.Incoming) { answer(in, pairing.Reply{Error: "paired with another"}) }
	for _, row := range []struct {
		name  string
		guard sipprobe.GuardConfig
		serve func(*sipprobe.Incoming)
		log   string // goes on trying
		err   error  // or ends
	}{
		{"one that does not wait", withKey("k"), refuse, "does not wait for a responder: 405", nil},
		{"one that is busy", withKey("k"), busy, "paired with another", nil},
		{"a stranger", sipprobe.GuardConfig{}, accept, "unproven", nil},
		{"another key", withKey("other"), accept, "", sipprobe.ErrWrongKey},
		{"another version", sipprobe.GuardConfig{Key: "k", Accept: "application/vnd.bothways.v9+json"}, accept, "", responder.ErrVersion},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			log := &notebook{}
			r := start(t, func(c *responder.Config) { c.Logger = slog.New(log) })
			l := listen(t, "127.0.0.1:0")
			clientAt(t, l, row.guard, row.serve)
			ended, stop := dial(t, r, at(l))
			if row.log != "" {
				log.wait(t, row.log, 1)
				stop()
			}
			if err := networktest.Within(t, ended, "Dial goes on"); !errors.Is(err, row.err) {
				t.Errorf("Dial: %v", err)
			}
			if log.count("client dialled") != 0 || r.Sessions() != 0 {
				t.Error("it was taken for a client")
			}
		})
	}
}

// TestCloseEndsTheDial whether or not there is a client.
func TestCloseEndsTheDial(t *testing.T) {
	networktest.Leaks(t)
	for _, there := range []bool{false, true} {
		log := &notebook{}
		r := start(t, func(c *responder.Config) { c.Logger = slog.New(log) })
		l := listen(t, "127.0.0.1:0")
		to, line := nobody(t), "no client"
		if there {
			clientAt(t, l, withKey("k"), accept)
			to, line = at(l), "client dialled"
		}
		ended, _ := dial(t, r, to)
		log.wait(t, line, 1)
		r.Close()
		if err := networktest.Within(t, ended, "Dial goes on"); err != nil {
			t.Errorf("Dial: %v", err)
		}
		if err := r.Dial(t.Context(), to); err != nil {
			t.Errorf("after Close: %v", err)
		}
	}
}
