package rtpprobe_test

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

func TestMarkNames(t *testing.T) {
	for mark, want := range map[rtpprobe.Mark]string{0: "CS0", 24: "CS3", 26: "AF31", 28: "AF32", 46: "EF", 10: "AF11", 38: "AF43", 40: "CS5", 44: "VOICE-ADMIT", 1: "1", 42: "42", 63: "63"} {
		if got := mark.String(); got != want {
			t.Errorf("%d is %q, want %q", uint8(mark), got, want)
		}
	}
}

func markTerms() rtpprobe.MarkTerms {
	return rtpprobe.MarkTerms{ID: 7, Packets: 3, Key: []byte("key")}
}

// allArrive is what arrives over a path that changes nothing.
func allArrive(t *testing.T, packets int64) []rtpprobe.MarkArrived {
	t.Helper()
	var out []rtpprobe.MarkArrived
	for _, m := range rtpprobe.Marks() {
		out = append(out, rtpprobe.MarkArrived{Mark: m, Packets: packets, As: []rtpprobe.MarkCount{{Mark: m, Packets: packets}}})
	}
	return out
}

func listening(t *testing.T, at string) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Marks that are set are those that arrive, over both families.
func TestMarksArriveAsSent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells programs the marks of packets")
	}
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			from, to := listening(t, at), listening(t, at)
			arrived := make(chan rtpprobe.MarksArrived, 1)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			go func() { arrived <- rtpprobe.ListenMarked(ctx, to, markTerms()) }()
			sent := rtpprobe.SendMarked(ctx, from, to.LocalAddr().(*net.UDPAddr).AddrPort(), markTerms())
			if len(sent.Marks) != 4 || sent.Unable != "" || sent.Marks[3].Mark != rtpprobe.EF || sent.Marks[3].Packets != 3 {
				t.Errorf("%+v", sent)
			}
			got := <-arrived
			if diff := cmp.Diff(allArrive(t, 3), got.Marks); diff != "" || got.Unread != "" {
				t.Error(got.Unread, diff)
			}
		})
	}
}

// Nothing counts but the packets of the trial, each once, and each under the mark that
// its tag proves.
func TestMarksOfOthersDoNotCount(t *testing.T) {
	terms := markTerms()
	tag := func(key string, label ...string) *rtpprobe.Tag {
		tag := rtpprobe.NewTag([]byte(key), append([]string{"mark"}, label...)...)
		return &tag
	}
	header := func(n uint16) rtp.Header { return rtp.Header{SequenceNumber: n} }
	for name, test := range map[string]struct {
		packet []byte
		want   int64
	}{
		"its own":               {mustMarshal(t, header(3), tag("key", "7", "46"), nil), 1},
		"a number too high":     {mustMarshal(t, header(15), tag("key", "7", "46"), nil), 0},
		"another mark's number": {mustMarshal(t, header(4), tag("key", "7", "46"), nil), 0},
		"another trial":         {mustMarshal(t, header(3), tag("key", "8", "46"), nil), 0},
		"another key":           {mustMarshal(t, header(3), tag("yek", "7", "46"), nil), 0},
		"no tag":                {mustMarshal(t, header(3), nil, nil), 0},
		"noise":                 {[]byte("noise"), 0},
	} {
		got := rtpprobe.ListenMarked(t.Context(), &feed{packets: [][]byte{test.packet, test.packet}}, terms)
		if got.Marks[3].Packets != test.want || got.Marks[0].Packets != 0 {
			t.Errorf("%s: %+v", name, got)
		}
		if got.Unread == "" || got.Marks[3].As != nil {
			t.Errorf("%s: marks of a socket that tells none: %+v", name, got)
		}
	}
}

// feed is a socket of no system, at which some packets arrive.
type feed struct {
	net.PacketConn
	packets [][]byte
}

func (f *feed) ReadFrom(b []byte) (int, net.Addr, error) {
	if len(f.packets) == 0 {
		return 0, nil, net.ErrClosed
	}
	n := copy(b, f.packets[0])
	f.packets = f.packets[1:]
	return n, &net.UDPAddr{}, nil
}

func (f *feed) SetReadDeadline(time.Time) error { return nil }

func TestMarksThatCannotBeSet(t *testing.T) {
	got := rtpprobe.SendMarked(t.Context(), &feed{}, far, markTerms())
	if got.Marks != nil || got.Unable == "" {
		t.Errorf("%+v", got)
	}
	for _, n := range []int{0, 51} {
		terms := markTerms()
		terms.Packets = n
		if got := rtpprobe.SendMarked(t.Context(), listening(t, "127.0.0.1:0"), far, terms); got.Marks != nil {
			t.Errorf("%d: %+v", n, got)
		}
	}
}

// A packet of the trial is RTP of a call: PCMU, 20 ms, with a tag.
func TestMarkedPacketsAreRTP(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows lets no program mark its packets")
	}
	from, to := listening(t, "127.0.0.1:0"), listening(t, "127.0.0.1:0")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go rtpprobe.SendMarked(ctx, from, to.LocalAddr().(*net.UDPAddr).AddrPort(), markTerms())
	to.SetReadDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 2048)
	for n := range uint16(4) {
		size, _, err := to.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		var p rtp.Packet
		if err := p.Unmarshal(buf[:size]); err != nil {
			t.Fatal(err)
		}
		if p.Version != 2 || p.PayloadType != 0 || p.SequenceNumber != n || p.Timestamp != 160*uint32(n) || len(p.Payload) != 160 || len(p.GetExtension(rtpprobe.TagExtension)) != 8 {
			t.Errorf("%+v", p.Header)
		}
	}
}
