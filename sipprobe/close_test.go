package sipprobe_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"bothways/sipprobe"
)

// Close must leave nothing behind, whatever is going on.
func TestCloseLeavesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, s setting) {
		begun := make(chan struct{}, 16)
		server := s.listen(t, guarded(func(in *sipprobe.Incoming) {
			begun <- struct{}{}
			switch in.Method {
			case "INVITE":
				in.Ring()
				if call, _ := in.Accept(in.Endpoint.Context(), "srv", nil); call != nil {
					<-call.Ended()
				}
			case "OPTIONS":
				<-in.Endpoint.Context().Done() // never answers
			}
		}))
		client := s.listen(t, sipprobe.EndpointConfig{Key: testKey})
		dial(t, client, server.Local())
		if s.transport != sipprobe.UDP { // one in the middle of its handshake, or silent
			conn, err := net.Dial("tcp", server.Local().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.Write([]byte{0x16, 3})
		}
		ended := make(chan sipprobe.Exchange, 1)
		call, x := client.Invite(bounded(t, 5*time.Second), sipprobe.Target{Peer: server.Local(), Token: "c"}, nil)
		if call == nil {
			t.Fatalf("%+v", x)
		}
		go func() {
			ended <- client.Options(context.Background(), sipprobe.Target{Peer: server.Local(), Token: "o"})
		}()
		<-begun
		<-begun
		for range 2 {
			client.Close()
		}
		if x := <-ended; x.Outcome != sipprobe.Closed {
			t.Errorf("%+v", x)
		}
		<-call.Ended()
		server.Close()
		if x := client.Options(context.Background(), sipprobe.Target{Peer: server.Local(), Token: "l"}); x.Outcome != sipprobe.Closed {
			t.Errorf("after Close: %+v", x)
		}
		noGoroutines(t)
	})
}

// A burst in flight must not make a closing endpoint open sockets of its own.
func TestCloseUnderFire(t *testing.T) {
	s := setting{sipprobe.UDP, "127.0.0.1"}
	peer, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	for range 20 {
		e := s.listen(t, sipprobe.EndpointConfig{Serve: answer200})
		to := net.UDPAddrFromAddrPort(e.Local())
		for _, method := range []string{"INFO", "OPTIONS", "INVITE"} {
			for range 20 {
				peer.WriteTo([]byte(request(method, rand16())), to)
			}
		}
		e.Close()
	}
	noGoroutines(t)
}

func TestAdoptTwice(t *testing.T) {
	for _, transport := range []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS} {
		s := setting{transport, "127.0.0.1"}
		server := s.listen(t, guarded(answer200))
		client, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: transport, Key: testKey}) // only dials
		if err != nil {
			t.Fatal(err)
		}
		dial(t, client, server.Local())
		dial(t, client, server.Local())
		for _, token := range []string{"a", "b"} {
			if x := client.Options(bounded(t, 5*time.Second), sipprobe.Target{Peer: server.Local(), Token: token}); x.Outcome != sipprobe.Accepted {
				t.Errorf("%+v", x)
			}
		}
		client.Close()
		if err := client.Adopt(open(t, sipprobe.TCP, server.Local())); err == nil {
			t.Error("a closed endpoint adopts")
		}
		server.Close()
		noGoroutines(t)
	}
}

func TestStartRefuses(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]sipprobe.EndpointConfig{
		"nothing":       {},
		"no socket":     {Transport: sipprobe.UDP},
		"wrong socket":  {Transport: sipprobe.TCP, PacketConn: conn},
		"other network": {Transport: sipprobe.UDP, PacketConn: unixConn{conn}},
	} {
		if e, err := sipprobe.Start(cfg); err == nil {
			e.Close()
			t.Errorf("%s: started", name)
		}
	}
	if err := conn.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the socket of an endpoint that did not start was left open: %v", err)
	}
	e := setting{sipprobe.UDP, "127.0.0.1"}.listen(t, sipprobe.EndpointConfig{})
	near, _ := net.Pipe()
	if err := e.Adopt(near); err == nil {
		t.Error("a UDP endpoint adopts a connection")
	}
	e = setting{sipprobe.TCP, "127.0.0.1"}.listen(t, sipprobe.EndpointConfig{})
	if err := e.Adopt(near); err == nil {
		t.Error("a connection without an address is adopted")
	}
}

type unixConn struct{ net.PacketConn }

func (unixConn) LocalAddr() net.Addr { return &net.UnixAddr{Name: "x", Net: "unixgram"} }

func TestAdvertise(t *testing.T) {
	at := netip.MustParseAddrPort
	configured, told, seen, host := at("203.0.113.1:1"), at("203.0.113.2:2"), at(clientAddr), at(serverAddr)
	for name, row := range map[string]struct {
		configured netip.AddrPort
		tell       netip.Addr
		first      string // before the far end has said what it sees
		later      string
	}{
		"local, then seen": {netip.AddrPort{}, netip.Addr{}, seen.String(), "203.0.113.9:9"},
		"told":             {netip.AddrPort{}, host.Addr(), told.String(), told.String()},
		"told of another":  {netip.AddrPort{}, at("192.0.2.77:1").Addr(), seen.String(), "203.0.113.9:9"},
		"configured":       {configured, host.Addr(), configured.String(), configured.String()},
	} {
		t.Run(name, func(t *testing.T) { advertise(t, row.configured, row.tell, told, row.first, row.later) })
	}
}
