package rtpprobe_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// An arriving packet: sequence number, milliseconds after the one before, SSRC.
type arriving struct {
	seq   uint16
	after int
	ssrc  uint32
}

// The counts that a sequence of packets must give; jitter in ms, -1 = null.
type counts struct {
	Packets, Expected, Lost, Duplicated, OutOfOrder, Strays int64
	Jitter, MaxGap                                          float64
}

func TestSequences(t *testing.T) {
	for name, c := range map[string]struct {
		packets []arriving
		want    counts
	}{
		"one":           {[]arriving{{5, 0, 1}}, counts{Packets: 1, Expected: 1, Jitter: -1, MaxGap: -1}},
		"even pace":     {[]arriving{{5, 0, 1}, {6, 20, 1}, {7, 20, 1}}, counts{Packets: 3, Expected: 3, MaxGap: 20}},
		"one lost":      {[]arriving{{5, 0, 1}, {7, 40, 1}, {8, 20, 1}}, counts{Packets: 3, Expected: 4, Lost: 1, MaxGap: 40}},
		"duplicate":     {[]arriving{{5, 0, 1}, {5, 0, 1}, {6, 20, 1}, {5, 0, 1}}, counts{Packets: 2, Expected: 2, Duplicated: 2, MaxGap: 20}},
		"wrap":          {[]arriving{{65534, 0, 1}, {65535, 20, 1}, {0, 20, 1}, {2, 40, 1}}, counts{Packets: 4, Expected: 5, Lost: 1, MaxGap: 40}},
		"late start":    {[]arriving{{40000, 0, 1}, {40001, 20, 1}}, counts{Packets: 2, Expected: 2, MaxGap: 20}},
		"reorder first": {[]arriving{{6, 0, 1}, {5, 0, 1}, {7, 20, 1}}, counts{Packets: 3, Expected: 3, OutOfOrder: 1, Jitter: 2.422, MaxGap: 20}},
		"wrap backward": {[]arriving{{0, 0, 1}, {65535, 0, 1}, {1, 20, 1}}, counts{Packets: 3, Expected: 3, OutOfOrder: 1, Jitter: 2.422, MaxGap: 20}},
		// Packet 6 comes 30 ms late instead of 20: D = 10 ms; then 7 after 10 ms: D = 10 again.
		// J = 10/16 = 0.625, then 0.625 + (10 - 0.625)/16 = 1.2109375.
		"jitter":     {[]arriving{{5, 0, 1}, {6, 30, 1}, {7, 10, 1}}, counts{Packets: 3, Expected: 3, Jitter: 1.211, MaxGap: 30}},
		"new SSRC":   {[]arriving{{5, 0, 1}, {6, 20, 1}, {900, 20, 2}, {902, 40, 2}}, counts{Packets: 4, Expected: 5, Lost: 1, MaxGap: 40}},
		"both SSRCs": {[]arriving{{5, 0, 1}, {900, 0, 2}, {6, 20, 1}, {901, 0, 2}}, counts{Packets: 4, Expected: 4, MaxGap: 20}},
		"one stray":  {[]arriving{{5, 0, 1}, {30000, 0, 1}, {6, 20, 1}}, counts{Packets: 2, Expected: 2, Strays: 1, MaxGap: 20}},
		"restart":    {[]arriving{{5, 0, 1}, {6, 20, 1}, {30000, 20, 1}, {30001, 20, 1}, {30002, 20, 1}}, counts{Packets: 5, Expected: 5, MaxGap: 20}},
		"two strays": {[]arriving{{5, 0, 1}, {30000, 0, 1}, {20000, 0, 1}, {6, 20, 1}}, counts{Packets: 2, Expected: 2, Strays: 2, MaxGap: 20}},
		"dropout":    {[]arriving{{5, 0, 1}, {3005, 60000, 1}}, counts{Packets: 2, Expected: 3001, Lost: 2999, MaxGap: 60000}},
	} {
		t.Run(name, func(t *testing.T) {
			result := received(t, rtpprobe.StreamConfig{}, func(inject func(netip.AddrPort, []byte)) {
				for _, p := range c.packets {
					pass(time.Duration(p.after) * time.Millisecond)
					header := rtp.Header{SequenceNumber: p.seq, SSRC: p.ssrc, Timestamp: uint32(int16(p.seq)) * 160}
					inject(far, mustMarshal(t, header, nil, make([]byte, 160)))
				}
			})
			r := result.Received
			got := counts{r.Packets, r.Expected, *r.Lost, r.Duplicated, r.OutOfOrder, r.Strays, orMinus(r.JitterMS), orMinus(r.MaxGapMS)}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if want := r.Packets * 172; r.Bytes != want {
				t.Errorf("%d bytes, want %d", r.Bytes, want)
			}
		})
	}
}

// TestLossRunsAndOrder: packets that come in another order are lost in no run, whichever comes first.
func TestLossRunsAndOrder(t *testing.T) {
	for name, c := range map[string]struct {
		numbers       []uint16
		runs, longest int64
	}{
		"nothing lost":                 {[]uint16{1, 2, 3, 4}, 0, 0},
		"two runs":                     {[]uint16{1, 3, 4, 7}, 2, 2},
		"five late, in order":          {[]uint16{1, 7, 2, 3, 4, 5, 6, 8}, 0, 0},
		"five late, backwards":         {[]uint16{1, 7, 6, 5, 4, 3, 2, 8}, 0, 0},
		"five late, the middle first":  {[]uint16{1, 7, 4, 2, 3, 5, 6, 8}, 0, 0},
		"the middle alone came late":   {[]uint16{1, 7, 4, 8}, 2, 2},
		"older than the first":         {[]uint16{5, 1, 6}, 1, 3},
		"lost before another sequence": {[]uint16{1, 4, 30000, 30001, 30004}, 2, 2},
		"lost long ago":                {append([]uint16{1, 4}, upTo(5, 1500)...), 1, 2},
		"lost more than is remembered": {[]uint16{1, 2501, 2502}, 1, 2499},
	} {
		r := received(t, rtpprobe.StreamConfig{}, func(inject func(netip.AddrPort, []byte)) {
			for _, n := range c.numbers {
				inject(far, mustMarshal(t, rtp.Header{SequenceNumber: n, SSRC: 7}, nil, []byte{1}))
			}
		}).Received
		if r.LossRuns != c.runs || r.LongestLossRun != c.longest {
			t.Errorf("%s: %d runs, the longest of %d; want %d and %d", name, r.LossRuns, r.LongestLossRun, c.runs, c.longest)
		}
	}
}

// upTo are the numbers from one to another.
func upTo(from, to uint16) (out []uint16) {
	for n := from; n <= to; n++ {
		out = append(out, n)
	}
	return out
}

func orMinus(ms *float64) float64 {
	if ms == nil {
		return -1
	}
	return *ms
}

// TestSequenceLong walks three times round the sequence numbers with one packet in eight lost and one in
// ten doubled.
func TestSequenceLong(t *testing.T) {
	var sent, doubled int64
	result := received(t, rtpprobe.StreamConfig{}, func(inject func(netip.AddrPort, []byte)) {
		for n := range 3 * 65536 {
			if n%8 == 7 {
				continue
			}
			b := mustMarshal(t, rtp.Header{SequenceNumber: uint16(n), Timestamp: uint32(n), SSRC: 7}, nil, []byte{1})
			inject(far, b)
			sent++
			if n%10 == 0 {
				inject(far, b)
				doubled++
			}
		}
	})
	want := counts{Packets: sent, Expected: 3*65536 - 1, Lost: 3*65536/8 - 1, Duplicated: doubled}
	r := result.Received
	got := counts{Packets: r.Packets, Expected: r.Expected, Lost: *r.Lost, Duplicated: r.Duplicated, Strays: r.Strays}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
