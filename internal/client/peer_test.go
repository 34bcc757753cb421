package client_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/sipprobe"
)

func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	pair, err := network.SelfSigned("somebody", nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// takeSession says hello over UDP and is never heard again.
func takeSession(t *testing.T, r *responder.Responder, run string) {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: conn, Key: "k", User: run})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	body, err := pairing.Encode(pairing.Order{Run: run, Hello: &pairing.Hello{Dialled: loopback}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	peer := netip.AddrPortFrom(loopback, portsOf(r)[sipprobe.UDP])
	x := e.Message(ctx, sipprobe.Target{Peer: peer, Token: fmt.Sprintf("hello-%s", run)}, pairing.ContentType, pairing.Encoding, body)
	if x.Outcome != sipprobe.Accepted {
		t.Fatalf("%+v", x)
	}
}

func aResponder(t *testing.T) map[sipprobe.Transport]uint16 { return portsOf(startResponder(t, nil)) }

func aFullResponder(t *testing.T) map[sipprobe.Transport]uint16 {
	r := startResponder(t, nil)
	for i := range 16 {
		takeSession(t, r, fmt.Sprintf("taken%d", i))
	}
	return portsOf(r)
}

func anotherVersion(t *testing.T) map[sipprobe.Transport]uint16 {
	return otherSIP(t, sipprobe.NewGuard(sipprobe.GuardConfig{Key: "k", Accept: otherVersion}))
}

func aStranger(t *testing.T) map[sipprobe.Transport]uint16 { return otherSIP(t, nil) }

// otherSIP is something else that speaks SIP on three ports.
func otherSIP(t *testing.T, guard *sipprobe.Guard) map[sipprobe.Transport]uint16 {
	t.Helper()
	ports := make(map[sipprobe.Transport]uint16)
	for _, transport := range sipprobe.Transports() {
		cfg := sipprobe.EndpointConfig{Transport: transport, Guard: guard, Serve: func(in *sipprobe.Incoming) { in.Reply(200, "OK", sipprobe.Body{}) }}
		if transport == sipprobe.UDP {
			cfg.PacketConn = listenPacket(t)
		} else {
			cfg.Listener = listen(t)
		}
		if transport == sipprobe.TLS {
			cfg.Listener = tls.NewListener(cfg.Listener, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
		}
		e, err := sipprobe.Start(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Close() })
		ports[transport] = e.Local().Port()
	}
	return ports
}

func listenPacket(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// unused are ports on which nobody listens: over UDP one that nobody reads from, for
// TCP those of connections that go elsewhere.
func unused(t *testing.T) map[sipprobe.Transport]uint16 {
	t.Helper()
	ports := map[sipprobe.Transport]uint16{sipprobe.UDP: uint16(listenPacket(t).LocalAddr().(*net.UDPAddr).Port)}
	elsewhere := listen(t)
	for _, transport := range []sipprobe.Transport{sipprobe.TCP, sipprobe.TLS} {
		c, err := net.Dial("tcp4", elsewhere.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		ports[transport] = uint16(c.LocalAddr().(*net.TCPAddr).Port)
	}
	return ports
}
