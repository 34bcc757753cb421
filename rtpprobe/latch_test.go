package rtpprobe_test

import (
	"context"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// TestLatch sends for 1 s; a tagged packet arrives from elsewhere after 301 ms and again from elsewhere
// after 601 ms.
func TestLatch(t *testing.T) {
	moved := netip.MustParseAddrPort("198.51.100.2:5999")
	never := func(netip.AddrPort) bool { return false }
	hosts := func(a netip.AddrPort) bool { return a.Addr() == far.Addr() }
	for name, c := range map[string]struct {
		latch         rtpprobe.Latch
		allow         func(netip.AddrPort) bool
		sources       [2]netip.AddrPort
		sent, refused []rtpprobe.Destination
		latched       *netip.AddrPort
	}{
		"never":      {rtpprobe.LatchNever, hosts, [2]netip.AddrPort{moved, moved}, list(far, 50), list(), nil},
		"first":      {rtpprobe.LatchFirst, hosts, [2]netip.AddrPort{moved, far}, list(far, 16, moved, 34), list(), &moved},
		"follows":    {rtpprobe.LatchAlways, hosts, [2]netip.AddrPort{moved, far}, list(far, 35, moved, 15), list(), &far},
		"refused":    {rtpprobe.LatchFirst, hosts, [2]netip.AddrPort{evil, evil}, list(far, 50), list(evil, 34), nil},
		"no Allow":   {rtpprobe.LatchAlways, nil, [2]netip.AddrPort{moved, far}, list(far, 50), list(moved, 15), &far},
		"all denied": {rtpprobe.LatchAlways, never, [2]netip.AddrPort{moved, far}, list(), list(far, 50, moved, 15), nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network memNet
				pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
				defer pacer.Close()
				stream, err := rtpprobe.Open(rtpprobe.StreamConfig{
					Conn: network.listen(near.String()), Pacer: pacer, WantTag: &outbound, Latch: c.latch, Allow: c.allow,
				})
				if err != nil {
					t.Fatal(err)
				}
				for i, source := range c.sources {
					time.AfterFunc(time.Duration(301+300*i)*time.Millisecond, func() {
						network.inject(source, near, mustMarshal(t, rtp.Header{SequenceNumber: uint16(i), SSRC: 5}, &outbound, nil))
						network.inject(evil, near, mustMarshal(t, rtp.Header{SequenceNumber: uint16(i + 1), SSRC: 5}, nil, nil))
					})
				}
				if err := stream.Send(t.Context(), far, time.Second); err != nil {
					t.Error(err)
				}
				got := stream.Close()
				if diff := cmp.Diff(c.sent, got.Sent.Destinations, addresses()); diff != "" {
					t.Error("sent:", diff)
				}
				if diff := cmp.Diff(c.refused, got.Sent.RefusedDestinations, addresses()); diff != "" {
					t.Error("refused:", diff)
				}
				if diff := cmp.Diff(c.latched, got.LatchedTo, addresses()); diff != "" {
					t.Error("latched:", diff)
				}
			})
		})
	}
}

// list makes destinations of addresses and numbers in turn.
func list(pairs ...any) []rtpprobe.Destination {
	all := []rtpprobe.Destination{}
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, rtpprobe.Destination{Address: pairs[i].(netip.AddrPort), Packets: int64(pairs[i+1].(int))})
	}
	return all
}

// TestSendWaits for a source when it has no address.
func TestSendWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memNet
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		stream, err := rtpprobe.Open(rtpprobe.StreamConfig{
			Conn: network.listen(near.String()), RTCP: network.listen("192.0.2.1:4001"), Pacer: pacer,
			Latch: rtpprobe.LatchFirst, Allow: func(a netip.AddrPort) bool { return a == far },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := stream.Send(ctx, netip.AddrPort{}, time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nobody to latch to: %v", err)
		}
		if !stream.LastHeard().IsZero() {
			t.Error("heard something")
		}
		arrives := time.Now().Add(time.Second)
		time.AfterFunc(time.Second, func() { network.inject(far, near, mustMarshal(t, rtp.Header{}, nil, nil)) })
		if err := stream.Send(t.Context(), netip.AddrPort{}, time.Second); err != nil {
			t.Error(err)
		}
		if got := stream.LastHeard(); !got.Equal(arrives) {
			t.Errorf("last heard %v, want %v", got, arrives)
		}
		got := stream.Close()
		if diff := cmp.Diff(list(far, 50), got.Sent.Destinations, addresses()); diff != "" {
			t.Error(diff)
		}
		if err := stream.Send(t.Context(), far, time.Second); !errors.Is(err, rtpprobe.ErrStreamClosed) {
			t.Errorf("closed: %v", err)
		}
	})
}

// TestCloseEndsSend closes a stream in the middle of a Send.
func TestCloseEndsSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network memNet
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		stream, err := rtpprobe.Open(rtpprobe.StreamConfig{Conn: network.listen(near.String()), Pacer: pacer})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- stream.Send(t.Context(), far, time.Hour) }()
		pass(time.Second)
		if err := stream.Send(t.Context(), far, time.Second); err == nil {
			t.Error("two Sends at once")
		}
		result := stream.Close()
		if err := <-ended; !errors.Is(err, rtpprobe.ErrStreamClosed) {
			t.Errorf("Send returned %v", err)
		}
		if diff := cmp.Diff(result, stream.Close(), addresses()); diff != "" || result.Sent.Packets < 49 {
			t.Error(result.Sent.Packets, diff)
		}
	})
}

// TestSendErrors counts what the network refuses, and goes on.
func TestSendErrors(t *testing.T) {
	c := newCall()
	c.talk = time.Second
	tries := map[netip.AddrPort]int{}
	c.network.refuse = func(to netip.AddrPort) error {
		if to != far {
			return nil
		}
		tries[to]++
		switch n := tries[to]; {
		case n == 10:
			return syscall.ECONNREFUSED // of an earlier packet: the next try sends
		case n > 20 && n <= 25:
			return syscall.EPERM
		}
		return nil
	}
	client, site := c.run(t)
	want := []rtpprobe.ErrorCount{{Kind: "connection-refused", Count: 1}, {Kind: "not-permitted", Count: 5}}
	if diff := cmp.Diff(want, client.Sent.Errors); diff != "" {
		t.Error(diff)
	}
	if client.Sent.Packets != 45 || site.Received.Packets != 45 || *site.Received.Lost != 5 {
		t.Errorf("sent %d, received %d", client.Sent.Packets, site.Received.Packets)
	}
}

// TestOpenRefuses what makes no sense.
func TestOpenRefuses(t *testing.T) {
	conn := new(memNet).listen(near.String())
	for name, cfg := range map[string]rtpprobe.StreamConfig{
		"no socket":      {},
		"codec":          {Conn: conn, Codec: 18},
		"half a ms":      {Conn: conn, Ptime: 500 * time.Microsecond},
		"too long":       {Conn: conn, Ptime: time.Second},
		"negative":       {Conn: conn, Ptime: -time.Second},
		"tone too high":  {Conn: conn, SendTone: 4000},
		"tone below":     {Conn: conn, WantTone: -1},
		"unknown latch":  {Conn: conn, Latch: 9},
		"mux and RTCP":   {Conn: conn, RTCP: conn, Mux: true},
		"no digit":       {Conn: conn, Digits: rtpprobe.Digits{Text: "12x"}},
		"gap before":     {Conn: conn, Gap: rtpprobe.Gap{At: -time.Second}},
		"broken seconds": {Conn: conn, Ptime: 20*time.Millisecond + 1},
	} {
		if _, err := rtpprobe.Open(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestRelatch sends for 2 s; packets arrive from one source, after 300 ms the latch is let
// go, and from 401 ms on packets arrive from another, or go on arriving from the same.
func TestRelatch(t *testing.T) {
	other := netip.MustParseAddrPort("198.51.100.2:5999")
	for _, c := range []struct {
		name    string
		latch   rtpprobe.Latch
		relatch func(*rtpprobe.Stream)
		then    []netip.AddrPort // by turns, each 20 ms
		want    netip.AddrPort
		wanted  [2]int64 // of the packets sent, how many go there at least and at most
	}{
		{"first, kept", rtpprobe.LatchFirst, func(*rtpprobe.Stream) {}, []netip.AddrPort{other}, aside, [2]int64{85, 100}},
		{"first, let go", rtpprobe.LatchFirst, func(s *rtpprobe.Stream) { s.Relatch(false) }, []netip.AddrPort{other}, other, [2]int64{75, 85}},
		{"strict, kept", rtpprobe.LatchStrict, func(*rtpprobe.Stream) {}, []netip.AddrPort{other}, aside, [2]int64{80, 100}},
		{"strict, let go", rtpprobe.LatchStrict, func(s *rtpprobe.Stream) { s.Relatch(false) }, []netip.AddrPort{other}, other, [2]int64{70, 85}},
		{"first, moved, with packets under way", rtpprobe.LatchFirst, func(s *rtpprobe.Stream) { s.Relatch(true) }, []netip.AddrPort{aside, other}, other, [2]int64{70, 85}},
		{"first, moved, and yet the same", rtpprobe.LatchFirst, func(s *rtpprobe.Stream) { s.Relatch(true) }, []netip.AddrPort{aside}, aside, [2]int64{60, 90}},
		{"strict, moved, and yet the same", rtpprobe.LatchStrict, func(s *rtpprobe.Stream) { s.Relatch(true) }, []netip.AddrPort{aside}, aside, [2]int64{60, 90}},
		{"always", rtpprobe.LatchAlways, func(s *rtpprobe.Stream) { s.Relatch(true) }, []netip.AddrPort{aside}, aside, [2]int64{90, 100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var network memNet
				pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
				defer pacer.Close()
				stream, err := rtpprobe.Open(rtpprobe.StreamConfig{Conn: network.listen(near.String()), Pacer: pacer, WantTag: &outbound,
					Latch: c.latch, Allow: func(netip.AddrPort) bool { return true }})
				if err != nil {
					t.Fatal(err)
				}
				for i := range 90 {
					from := aside
					if i >= 20 {
						from = c.then[i%len(c.then)]
					}
					time.AfterFunc(time.Duration(1+20*i)*time.Millisecond, func() {
						network.inject(from, near, mustMarshal(t, rtp.Header{SequenceNumber: uint16(i), SSRC: 5}, &outbound, nil))
					})
				}
				time.AfterFunc(390*time.Millisecond, func() { c.relatch(stream) })
				if err := stream.Send(t.Context(), far, 2*time.Second); err != nil {
					t.Error(err)
				}
				var got int64
				for _, d := range stream.Close().Sent.Destinations {
					if d.Address == c.want {
						got = d.Packets
					}
				}
				if got < c.wanted[0] || got > c.wanted[1] {
					t.Errorf("%d packets went to %s, want %v", got, c.want, c.wanted)
				}
			})
		})
	}
}

var aside = netip.MustParseAddrPort("198.51.100.2:5997")
