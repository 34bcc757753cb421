package rtpprobe_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

var anywhere = func(netip.AddrPort) bool { return true }

// TestStrict has the site settle on a source after four packets in a row, and take nothing else.
func TestStrict(t *testing.T) {
	elsewhere := netip.MustParseAddrPort("192.0.2.1:6000")
	send := func(t *testing.T, inject func(netip.AddrPort, []byte), from netip.AddrPort, numbers ...uint16) {
		for _, n := range numbers {
			inject(from, mustMarshal(t, rtp.Header{SequenceNumber: n, SSRC: 5}, &outbound, nil))
		}
	}
	for name, row := range map[string]struct {
		probation      int
		arrive         func(t *testing.T, inject func(netip.AddrPort, []byte))
		taken, dropped int64
		latched        bool
	}{
		"in a row":    {0, func(t *testing.T, in func(netip.AddrPort, []byte)) { send(t, in, far, 1, 2, 3, 4, 5) }, 2, 3, true},
		"three":       {0, func(t *testing.T, in func(netip.AddrPort, []byte)) { send(t, in, far, 1, 2, 3) }, 0, 3, false},
		"with a hole": {0, func(t *testing.T, in func(netip.AddrPort, []byte)) { send(t, in, far, 1, 2, 3, 5, 6, 7) }, 0, 6, false},
		"of two":      {2, func(t *testing.T, in func(netip.AddrPort, []byte)) { send(t, in, far, 1, 2, 3) }, 2, 1, true},
		"taking turns": {0, func(t *testing.T, in func(netip.AddrPort, []byte)) {
			for n := range uint16(4) {
				send(t, in, far, n)
				send(t, in, elsewhere, n)
			}
		}, 0, 8, false},
		"another later": {0, func(t *testing.T, in func(netip.AddrPort, []byte)) {
			send(t, in, far, 1, 2, 3, 4)
			send(t, in, elsewhere, 5, 6, 7, 8, 9, 10)
			send(t, in, far, 11)
		}, 2, 9, true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := rtpprobe.StreamConfig{WantTag: &outbound, Latch: rtpprobe.LatchStrict, Probation: row.probation, Allow: anywhere}
			got := received(t, cfg, func(inject func(netip.AddrPort, []byte)) { row.arrive(t, inject) })
			if r := got.Received; r.Packets != row.taken || r.StrictDropped != row.dropped || r.Arrived() != row.taken+row.dropped {
				t.Errorf("took %d, dropped %d", r.Packets, r.StrictDropped)
			}
			if (got.LatchedTo != nil) != row.latched || row.latched && *got.LatchedTo != far {
				t.Errorf("latched to %v", got.LatchedTo)
			}
		})
	}
}

// TestStrictTakesTheNamedAddress from the first packet on.
func TestStrictTakesTheNamedAddress(t *testing.T) {
	c := newCall()
	c.far.Latch, c.far.Allow = rtpprobe.LatchStrict, anywhere
	_, site := c.run(t)
	// One packet may come before the site has begun to send.
	if r := site.Received; r.Arrived() != 250 || r.StrictDropped > 1 || *site.LatchedTo != near {
		t.Errorf("%+v", r)
	}
}

// TestSourcePort has the site send from another port than it listens on: a client that takes
// the SDP at its word is heard, one that latches talks to nobody.
func TestSourcePort(t *testing.T) {
	from := netip.MustParseAddrPort("198.51.100.2:5900")
	for name, row := range map[string]struct {
		latch         rtpprobe.Latch
		atMost, aside int64
	}{"obeys": {rtpprobe.LatchNever, 250, 0}, "latches": {rtpprobe.LatchAlways, 2, 240}} {
		t.Run(name, func(t *testing.T) {
			c := newCall()
			c.sendFrom = from.String()
			c.near.Latch, c.near.Allow = row.latch, anywhere
			client, site := c.run(t)
			if s := client.Received.Sources; len(s) != 1 || s[0].Address != from || *site.Sent.From != from {
				t.Errorf("sources %+v, sent from %v", s, site.Sent.From)
			}
			if r := site.Received; r.Packets > row.atMost || r.AtSendPort < row.aside || r.Packets+r.AtSendPort != 250 {
				t.Errorf("%d packets, %d where nobody listens", r.Packets, r.AtSendPort)
			}
			if client.Received.ToneHeardMS != 5000 {
				t.Errorf("the client heard %v ms", client.Received.ToneHeardMS)
			}
			survivesJSON(t, site)
		})
	}
}

// TestWaysOfRTCP has both ends multiplex their reports, or the site leave them out.
func TestWaysOfRTCP(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*call)
		want   bool
	}{
		"mux": {func(c *call) { c.near.Mux, c.far.Mux = true, true }, true},
		"mux, latch": {func(c *call) {
			c.near.Mux, c.far.Mux, c.far.Latch, c.far.Allow = true, true, rtpprobe.LatchFirst, anywhere
		}, true},
		"none":        {func(c *call) { c.silent = true }, false},
		"other ports": {func(*call) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall()
			row.change(c)
			client, site := c.run(t)
			if got := client.RTCP.ReceivedSR >= 2 && client.RTCP.RoundTripMS != nil; got != row.want {
				t.Errorf("client: %+v", client.RTCP)
			}
			if got := site.RTCP.SentSR > 0; got != row.want {
				t.Errorf("site: %+v", site.RTCP)
			}
			if client.Received.Packets != 250 || site.Received.Packets != 250 || client.Received.Malformed+site.Received.Malformed != 0 {
				t.Errorf("%d and %d packets", client.Received.Packets, site.Received.Packets)
			}
			if row.want && c.near.Mux && *client.RTCP.Source != far {
				t.Errorf("reports came from %v", client.RTCP.Source)
			}
		})
	}
}

// TestOpaqueCodecs carry packets of their size and clock, and nothing is heard in them.
func TestOpaqueCodecs(t *testing.T) {
	for _, row := range []struct {
		codec        rtpprobe.Codec
		ptime, bytes int
	}{{rtpprobe.G722, 20, 160}, {rtpprobe.G722, 30, 240}, {rtpprobe.Opus, 20, 80}, {rtpprobe.Opus, 40, 160}, {rtpprobe.PCMA, 30, 240}} {
		c := newCall()
		c.near.Codec, c.near.Ptime = row.codec, time.Duration(row.ptime)*time.Millisecond
		c.talk = 6 * time.Second
		client, site := c.run(t)
		r, packets := site.Received, int64(6000/row.ptime)
		if r.Packets != packets || r.Bytes != packets*int64(row.bytes+12+4+12) || *r.JitterMS > 0.1 || *r.Lost != 0 || r.OtherPayload != 0 {
			t.Errorf("%v, %d ms: %+v, jitter %v", row.codec, row.ptime, r, *r.JitterMS)
		}
		heard := r.ToneHeardMS + r.SilenceMS + r.OtherAudioMS + r.OwnToneMS
		if opaque := row.codec != rtpprobe.PCMA; opaque && (r.OpaqueMS != 6000 || heard != 0) || !opaque && r.ToneHeardMS != 6000 {
			t.Errorf("%v: heard %v, opaque %v", row.codec, heard, r.OpaqueMS)
		}
		if *client.RTCP.RemoteJitterMS > 0.1 {
			t.Errorf("%v: the site reported %v ms of jitter", row.codec, *client.RTCP.RemoteJitterMS)
		}
	}
}

// TestDigits dials both ways, and loses two of the three packets that end a digit.
func TestDigits(t *testing.T) {
	for name, row := range map[string]struct {
		codec rtpprobe.Codec
		ptime int
		lose  bool
		want  rtpprobe.Digit // of each
	}{
		"G.711":         {rtpprobe.PCMU, 20, false, rtpprobe.Digit{DurationMS: 160, Packets: 10, Ends: 3}},
		"Opus":          {rtpprobe.Opus, 20, false, rtpprobe.Digit{DurationMS: 160, Packets: 10, Ends: 3}},
		"30 ms":         {rtpprobe.PCMU, 30, false, rtpprobe.Digit{DurationMS: 150, Packets: 7, Ends: 3}},
		"40 ms":         {rtpprobe.PCMU, 40, false, rtpprobe.Digit{DurationMS: 160, Packets: 6, Ends: 3}},
		"two ends lost": {rtpprobe.PCMU, 20, true, rtpprobe.Digit{DurationMS: 160, Packets: 8, Ends: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall()
			c.near.Codec, c.near.Ptime = row.codec, time.Duration(row.ptime)*time.Millisecond
			c.near.Digits = rtpprobe.Digits{Text: "19*#AD", At: 480 * time.Millisecond}
			c.far.Digits = rtpprobe.Digits{Text: "0"}
			var ends int
			c.network.carry = func(from, _ netip.AddrPort, b []byte) []time.Duration {
				if row.lose && from == near && b[1]&0x7f == rtpprobe.EventPayload && b[12+4+12+1]&0x80 != 0 {
					if ends++; ends%3 != 2 {
						return nil
					}
				}
				return []time.Duration{10 * time.Millisecond}
			}
			client, site := c.run(t)
			var want []rtpprobe.Digit
			for _, d := range "19*#AD" {
				digit := row.want
				digit.Digit = string(d)
				want = append(want, digit)
			}
			if diff := cmp.Diff(want, site.Received.Digits); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(client.Sent.Digits, site.Received.Digits); (diff != "") != row.lose {
				t.Error("sent and received:", diff)
			}
			if d := client.Received.Digits; len(d) != 1 || d[0].Digit != "0" {
				t.Errorf("the client received %+v", d)
			}
			if r := site.Received; !row.lose && *r.Lost != 0 || *r.JitterMS > 1 || r.OtherPayload != 0 {
				t.Errorf("lost %d, jitter %v", *r.Lost, *r.JitterMS)
			}
			survivesJSON(t, site)
		})
	}
}

// TestGap suppresses two seconds of silence: they are no loss, and no jitter.
func TestGap(t *testing.T) {
	for name, noise := range map[string]bool{"no packets": false, "comfort noise": true} {
		t.Run(name, func(t *testing.T) {
			c := newCall()
			c.near.Gap = rtpprobe.Gap{At: time.Second, For: 2 * time.Second, Noise: noise}
			var spurts int
			c.network.carry = func(from, _ netip.AddrPort, b []byte) []time.Duration {
				if from == near && b[1] == 0x80 {
					spurts++
				}
				return []time.Duration{10 * time.Millisecond}
			}
			client, site := c.run(t)
			want := int64(150)
			if noise {
				want += 5
			}
			if r := site.Received; r.Packets != want || *r.Lost != 0 || *r.JitterMS > 0.1 || r.ToneHeardMS != 3000 || r.ComfortNoise != want-150 || r.LossRuns != 0 {
				t.Errorf("%+v, lost %d, jitter %v", r, *r.Lost, *r.JitterMS)
			}
			if s := client.Sent; s.SuppressedMS != 2000 || s.Packets != want || s.ComfortNoise != want-150 {
				t.Errorf("%+v", s)
			}
			if spurts != 2 {
				t.Errorf("%d talk spurts began", spurts)
			}
			if site.RTCP.RemoteLost == nil || *client.RTCP.RemoteLost != 0 {
				t.Errorf("the site reported a loss")
			}
		})
	}
}

// TestSRTP encrypts both ways. A wrong key is told from packets that did not arrive, and keys may come late.
func TestSRTP(t *testing.T) {
	mine, theirs, wrong := rtpprobe.NewSRTPKey(), rtpprobe.NewSRTPKey(), rtpprobe.NewSRTPKey()
	for name, row := range map[string]struct {
		known           *rtpprobe.SRTPKey // to the site, of the client
		after           time.Duration
		taken, rejected int64
	}{
		"right key":    {&mine, 0, 250, 0},
		"late key":     {&mine, 700 * time.Millisecond, 250, 0},
		"too late key": {&mine, 3 * time.Second, 164, 86},
		"wrong key":    {&wrong, 0, 0, 250},
		"no key":       {nil, 0, 0, 250},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCall()
			c.near.SRTP, c.far.SRTP = &mine, &theirs
			c.keys, c.keysAfter = [2]*rtpprobe.SRTPKey{&theirs, row.known}, row.after
			clear := 0
			c.network.carry = func(from, _ netip.AddrPort, b []byte) []time.Duration {
				if from == near && len(b) != 12+4+12+160+10 {
					clear++
				}
				return []time.Duration{10 * time.Millisecond}
			}
			client, site := c.run(t)
			r := site.Received
			if d := r.Packets - row.taken; d < -2 || d > 2 || r.Arrived() != 250 || r.Untagged != 0 || clear != 0 {
				t.Errorf("took %d, rejected %d, untagged %d, in the clear %d", r.Packets, r.Unauthenticated, r.Untagged, clear)
			}
			if r.ToneHeardMS != float64(r.Packets)*20 || !site.SRTP {
				t.Errorf("heard %v ms", r.ToneHeardMS)
			}
			if row.known == &wrong && (site.RTCP.Unauthenticated == 0 || site.RTCP.Received != 0) {
				t.Errorf("reports: %+v", site.RTCP)
			}
			if row.known == &mine && row.after == 0 && (site.RTCP.RoundTripMS == nil || site.RTCP.Unauthenticated != 0) {
				t.Errorf("reports: %+v", site.RTCP)
			}
			if row.after == 0 && client.Received.Packets != 250 {
				t.Errorf("the client took %d", client.Received.Packets)
			}
		})
	}
}

func TestSRTPKey(t *testing.T) {
	key := rtpprobe.NewSRTPKey()
	if again, err := rtpprobe.ParseSRTPKey(key.String()); err != nil || again != key {
		t.Errorf("%v, %v", again, err)
	}
	for _, bad := range []string{"", "AAAA", key.String() + "AAAA", "no base64!"} {
		if _, err := rtpprobe.ParseSRTPKey(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	conn := new(memNet).listen(near.String())
	stream, err := rtpprobe.Open(rtpprobe.StreamConfig{Conn: conn})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if stream.Unlock(key) == nil {
		t.Error("a key was taken by a stream without SRTP")
	}
}
