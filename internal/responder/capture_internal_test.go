package responder

import (
	"net/netip"
	"testing"

	"bothways/internal/network"
	"bothways/sipprobe"
)

// TestTally counts for a session what comes from its own client, and nothing else.
func TestTally(t *testing.T) {
	l := &lookout{network: network.Host{}, tallies: make(map[*tally]struct{}),
		sip: map[sipprobe.Transport]uint16{sipprobe.UDP: 5060, sipprobe.TCP: 5060, sipprobe.TLS: 5061}}
	if got := l.facts(l.begin("none")); got.Missing != l.missing || got.UDP != nil {
		t.Errorf("without a capture: %+v", got)
	}
	l.capture = silent{}
	tally := l.begin("00c0ffee")
	client, stranger := netip.MustParseAddr("198.51.100.20"), netip.MustParseAddr("198.51.100.99")
	inside := netip.MustParseAddr("192.168.1.10")
	l.from(tally, client)
	in := func(from netip.Addr, port uint16, payload string) network.Captured {
		return network.Captured{Source: netip.AddrPortFrom(from, 40_000), Destination: netip.AddrPortFrom(inside, port), Payload: []byte(payload)}
	}
	syn := in(client, 5061, "")
	syn.TCP, syn.SYN = true, true
	answer := syn
	answer.Source, answer.Destination, answer.Out, answer.ACK = syn.Destination, syn.Source, true, true
	for _, c := range []network.Captured{
		in(client, 5060, "OPTIONS\r\nCall-ID: 00c0ffee-x"), in(client, 5060, "REGISTER"), in(stranger, 5060, "Call-ID: 00c0ffee-x"),
		in(client, 12_000, "00c0ffee"), in(client, 12_000, ""), in(client, 12_002, ""), in(stranger, 12_004, ""), syn, syn, answer,
	} {
		l.add(c)
	}
	got := l.facts(tally)
	if got.SIP != 1 || len(got.TCP) != 1 || got.TCP[0].Port != 5061 || got.TCP[0].SYN != 2 || got.TCP[0].Answers != 1 {
		t.Errorf("%+v", got)
	}
	for port, want := range map[uint16]int64{5060: 2, 12_000: 2, 12_002: 1, 12_004: 0} {
		if n, known := got.Packets(port); n != want || !known {
			t.Errorf("port %d: %d packets, want %d", port, n, want)
		}
	}
	l.end(tally)
	l.add(in(client, 12_000, ""))
	if n, _ := l.facts(tally).Packets(12_000); n != 2 {
		t.Errorf("%d packets were counted after the end", n)
	}
}

// TestTalliesOfOneAddress: what two clients behind one address have sent is none of either's.
func TestTalliesOfOneAddress(t *testing.T) {
	l := &lookout{network: network.Host{}, tallies: make(map[*tally]struct{}), capture: silent{}}
	office, elsewhere := netip.MustParseAddr("198.51.100.20"), netip.MustParseAddr("198.51.100.99")
	first, other := l.begin("a"), l.begin("b")
	l.from(first, office)
	l.from(other, elsewhere)
	if l.facts(first).Mixed || l.facts(other).Missing != "" {
		t.Error("two addresses are taken for one")
	}
	l.end(other)
	second := l.begin("c")
	l.from(second, office)
	for _, tally := range []*tally{first, second} {
		if got := l.facts(tally); !got.Mixed || got.Missing == "" {
			t.Errorf("%+v", got)
		}
	}
	l.end(first)
	l.end(second)
	third := l.begin("d")
	if l.from(third, office); l.facts(third).Mixed {
		t.Error("a client is mixed with those before it")
	}
}

// silent is a capture in which nothing comes.
type silent struct{}

func (silent) Next() (network.Captured, error) { return network.Captured{}, network.ErrNoCapture }
func (silent) Close() error                    { return nil }
