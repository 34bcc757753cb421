package rtpprobe_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

var (
	inbound  = rtpprobe.NewTag([]byte("key"), "inbound")
	outbound = rtpprobe.NewTag([]byte("key"), "outbound")
)

// A call is two streams in memory, near (the client) and far (the site).
type call struct {
	network   memNet
	near, far rtpprobe.StreamConfig
	toFar     netip.AddrPort // what near sends to
	toNear    netip.AddrPort
	talk      time.Duration
	silent    bool                 // no RTCP at the site
	keys      [2]*rtpprobe.SRTPKey // given to near and far
	keysAfter time.Duration
	sendFrom  string // another socket of the site
}

func newCall() *call {
	c := &call{toFar: far, toNear: near, talk: 5 * time.Second}
	c.near = rtpprobe.StreamConfig{
		SendTone: rtpprobe.InboundTone, WantTone: rtpprobe.OutboundTone, SendTag: &inbound, WantTag: &outbound,
	}
	c.far = rtpprobe.StreamConfig{
		SendTone: rtpprobe.OutboundTone, WantTone: rtpprobe.InboundTone, SendTag: &outbound, WantTag: &inbound,
	}
	return c
}

// run holds the call on a fake clock.
func (c *call) run(t *testing.T) (near, far rtpprobe.Result) {
	synctest.Test(t, func(t *testing.T) {
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		one, other := c.open(t, &c.near, "192.0.2.1", "4000", "4001", pacer), c.open(t, &c.far, "198.51.100.2", "5000", "5001", pacer)
		time.AfterFunc(c.keysAfter, func() { c.unlock(t, one, other) })
		var both sync.WaitGroup
		send := func(s *rtpprobe.Stream, to netip.AddrPort) {
			both.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := s.Send(ctx, to, c.talk); err != nil {
					t.Error(err)
				}
			})
		}
		send(one, c.toFar)
		send(other, c.toNear)
		both.Wait()
		pass(time.Second) // what is under way arrives
		near = one.Close()
		pass(time.Second)
		far = other.Close()
		synctest.Wait()
	})
	return near, far
}

func (c *call) unlock(t *testing.T, streams ...*rtpprobe.Stream) {
	for i, s := range streams {
		if key := c.keys[i]; key != nil {
			if err := s.Unlock(*key); err != nil {
				t.Error(err)
			}
		}
	}
}

func (c *call) open(t *testing.T, cfg *rtpprobe.StreamConfig, host, port, control string, pacer *rtpprobe.Pacer) *rtpprobe.Stream {
	cfg.Conn, cfg.Pacer = c.network.listen(host+":"+port), pacer
	if c.sendFrom != "" && cfg == &c.far {
		cfg.SendConn = c.network.listen(c.sendFrom)
	}
	if !cfg.Mux && !(c.silent && cfg == &c.far) {
		cfg.RTCP = c.network.listen(host + ":" + control)
	}
	s, err := rtpprobe.Open(*cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCall holds a call of 5 s over a path of 30 ms that loses every tenth packet from near to far,
// doubles one and delays one by 50 ms more.
func TestCall(t *testing.T) {
	c := newCall()
	c.far.Codec = rtpprobe.PCMA // each end understands both
	var n int
	c.network.carry = func(from, to netip.AddrPort, b []byte) []time.Duration {
		delay := 30 * time.Millisecond
		if from != near {
			return []time.Duration{delay}
		}
		n++
		switch {
		case n%10 == 5:
			return nil
		case n == 101:
			return []time.Duration{delay, delay + time.Millisecond}
		case n == 111:
			return []time.Duration{delay + 50*time.Millisecond}
		}
		return []time.Duration{delay}
	}
	client, site := c.run(t)

	type facts struct {
		Sent, Received, Expected, Lost, Dup, Order int64
		Tone, Own, Silence, Other, RoundTrip       float64
		RemoteLost                                 int64
		Bye                                        bool
	}
	factsOf := func(r rtpprobe.Result) facts {
		in := r.Received
		return facts{
			r.Sent.Packets, in.Packets, in.Expected, *in.Lost, in.Duplicated, in.OutOfOrder,
			in.ToneHeardMS, in.OwnToneMS, in.SilenceMS, in.OtherAudioMS, *r.RTCP.RoundTripMS, *r.RTCP.RemoteLost, r.RTCP.ReceivedBye,
		}
	}
	wantSite := facts{Sent: 250, Received: 225, Expected: 250, Lost: 25, Dup: 1, Order: 1, Tone: 4500, RoundTrip: 60, Bye: true}
	wantClient := facts{Sent: 250, Received: 250, Expected: 250, Tone: 5000, RoundTrip: 60, RemoteLost: 25}
	got := factsOf(site)
	got.RoundTrip = float64(int(got.RoundTrip + 0.5))
	if diff := cmp.Diff(wantSite, got); diff != "" {
		t.Error("site:", diff)
	}
	got = factsOf(client)
	got.RoundTrip = float64(int(got.RoundTrip + 0.5))
	if got.RemoteLost < 18 || got.RemoteLost > 25 {
		t.Errorf("client: the site reported %d lost", got.RemoteLost)
	}
	got.RemoteLost = 25
	if diff := cmp.Diff(wantClient, got); diff != "" {
		t.Error("client:", diff)
	}
	for _, r := range []rtpprobe.Result{client, site} {
		if r.RTCP.SentSR < 3 || r.RTCP.SentSR > 6 || r.RTCP.ReceivedSR < 3 {
			t.Errorf("reports: %+v", r.RTCP)
		}
		if *r.Received.MaxGapMS > 80 || *r.Received.JitterMS > 5 {
			t.Errorf("gap %v, jitter %v", *r.Received.MaxGapMS, *r.Received.JitterMS)
		}
	}
	survivesJSON(t, client)
	survivesJSON(t, site)
}

func survivesJSON(t *testing.T, r rtpprobe.Result) {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var again rtpprobe.Result
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	compare := cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
	if diff := cmp.Diff(r, again, compare); diff != "" {
		t.Error(diff)
	}
}

// TestUnknownIsNull holds a call that nothing answers.
func TestUnknownIsNull(t *testing.T) {
	result := received(t, rtpprobe.StreamConfig{}, func(func(netip.AddrPort, []byte)) {})
	survivesJSON(t, result)
	text, _ := json.Marshal(result)
	var fields map[string]map[string]any
	_ = json.Unmarshal(text, &fields) // the members that are no objects stay out
	for _, name := range []string{"lost", "jitter_ms", "first_ms", "last_ms", "max_gap_ms"} {
		if v, there := fields["received"][name]; !there || v != nil {
			t.Errorf("received.%s is %v", name, v)
		}
	}
	for _, name := range []string{"round_trip_ms", "remote_lost", "remote_jitter_ms"} {
		if v, there := fields["rtcp"][name]; !there || v != nil {
			t.Errorf("rtcp.%s is %v", name, v)
		}
	}
	if v, there := fields["sent"]["lateness_us"]; !there || v != nil {
		t.Errorf("sent.lateness_us is %v", v)
	}
}

// TestWrongTag holds a call with another session's client: the site hears nothing and sends nothing to it.
func TestWrongTag(t *testing.T) {
	c := newCall()
	wrong := rtpprobe.NewTag([]byte("other key"), "inbound")
	c.near.SendTag = &wrong
	c.far.Latch, c.far.Allow = rtpprobe.LatchFirst, func(netip.AddrPort) bool { return true }
	c.toNear = netip.MustParseAddrPort("192.0.2.9:9") // nobody
	_, site := c.run(t)
	if r := site.Received; r.Untagged < 250 || r.Packets != 0 || r.ToneHeardMS != 0 || site.RTCP.ReceivedSR != 0 {
		t.Errorf("received %+v, %+v", r, site.RTCP)
	}
	want := []rtpprobe.Destination{{Address: c.toNear, Packets: 250}}
	if diff := cmp.Diff(want, site.Sent.Destinations, addresses()); diff != "" || site.LatchedTo != nil {
		t.Error(site.LatchedTo, diff)
	}
}

func addresses() cmp.Option {
	return cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })
}

// TestLoop sends everything back: the client's own tone is heard when tags do not forbid it.
func TestLoop(t *testing.T) {
	c := newCall()
	c.near.WantTag, c.near.SendTag = nil, nil
	c.network.carry = func(from, to netip.AddrPort, b []byte) []time.Duration {
		if from == near {
			c.network.inject(far, near, append([]byte(nil), b...))
		}
		return nil
	}
	client, _ := c.run(t)
	if r := client.Received; r.OwnToneMS != 5000 || r.Looped != 250 || r.ToneHeardMS != 0 {
		t.Errorf("received %+v", r)
	}
}

// TestRefusedSource takes an untagged packet from an allowed source only.
func TestRefusedSource(t *testing.T) {
	cfg := rtpprobe.StreamConfig{Allow: func(a netip.AddrPort) bool { return a == far }}
	result := received(t, cfg, func(inject func(netip.AddrPort, []byte)) {
		inject(evil, mustMarshal(t, rtp.Header{SSRC: 1}, nil, nil))
		inject(far, mustMarshal(t, rtp.Header{SSRC: 2}, nil, nil))
	})
	want := []rtpprobe.Destination{{Address: evil, Packets: 1}}
	if diff := cmp.Diff(want, result.Received.RefusedSources, addresses()); diff != "" || result.Received.Packets != 1 {
		t.Error(result.Received.Packets, diff)
	}
}

// TestListener only listens at the site: it reports as a receiver to where the client is heard from.
func TestListener(t *testing.T) {
	c := newCall()
	c.far.Latch, c.far.Allow = rtpprobe.LatchFirst, func(a netip.AddrPort) bool { return a == near }
	var client, site rtpprobe.Result
	synctest.Test(t, func(t *testing.T) {
		pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
		defer pacer.Close()
		one, other := c.open(t, &c.near, "192.0.2.1", "4000", "4001", pacer), c.open(t, &c.far, "198.51.100.2", "5000", "5001", pacer)
		if err := one.Send(t.Context(), far, 5*time.Second); err != nil {
			t.Error(err)
		}
		site = other.Close()
		synctest.Wait()
		client = one.Close()
	})
	if r := site.RTCP; r.SentSR != 0 || r.SentRR < 3 || r.ReceivedSR < 3 || site.Sent.Packets != 0 {
		t.Errorf("site: %+v", r)
	}
	if r := client.RTCP; r.ReceivedRR != site.RTCP.SentRR || r.RoundTripMS == nil || !r.ReceivedBye {
		t.Errorf("client: %+v", r)
	}
	if client.Received.LastMS != nil || *client.RTCP.RemoteLost != 0 {
		t.Errorf("client: %+v", client)
	}
}

// TestMultiplexed takes reports that come to the RTP socket (RFC 5761).
func TestMultiplexed(t *testing.T) {
	report, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{
		SSRC: 7, Reports: []rtcp.ReceptionReport{{SSRC: 99, TotalLost: 1<<24 - 2, Jitter: 80}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := received(t, rtpprobe.StreamConfig{SSRC: 99}, func(inject func(netip.AddrPort, []byte)) { inject(far, report) })
	if got := r.RTCP; got.ReceivedRR != 1 || *got.RemoteLost != -2 || *got.RemoteJitterMS != 10 || *got.Source != far || got.RoundTripMS != nil {
		t.Errorf("got %+v", got)
	}
}
