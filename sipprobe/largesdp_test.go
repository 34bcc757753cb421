package sipprobe_test

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"bothways/sipprobe"
)

// TestLargeOffers holds that a description has the size that was wanted, can be read, and
// says what it would say without.
func TestLargeOffers(t *testing.T) {
	m := sipprobe.Media{Address: netip.MustParseAddrPort("192.0.2.1:4000"), Payloads: []uint8{8, 101}, PtimeMs: 20}
	for _, want := range []int{800, 801, 899, 900, 901, 1_800, 4_000} {
		m.Bytes = want
		body, err := m.Offer()
		if err != nil || len(body) < want || len(body) > want+30 {
			t.Fatalf("%d bytes, want %d: %v", len(body), want, err)
		}
		got, err := sipprobe.ParseMedia(body)
		if err != nil || got.Address != m.Address || got.PtimeMs != 20 || !slices.Equal(got.Payloads[:2], m.Payloads) || len(got.Payloads) != 10 {
			t.Errorf("%d: %+v %v", want, got, err)
		}
		if again, _ := m.Offer(); !bytes.Equal(again, body) {
			t.Errorf("%d: another offer than before", want)
		}
	}
}

// TestLargeInvite holds that an INVITE leaves in fragments where it may, and nowhere else.
func TestLargeInvite(t *testing.T) {
	udp := setting{sipprobe.UDP, "127.0.0.1"}
	arrived := make(chan int, 1)
	far := udp.listen(t, sipprobe.EndpointConfig{Serve: func(in *sipprobe.Incoming) {
		arrived <- len(in.Body)
		in.Reply(486, "Busy Here", sipprobe.Body{})
	}})
	near := udp.listen(t, sipprobe.EndpointConfig{})
	offer, err := sipprobe.Media{Address: netip.MustParseAddrPort("192.0.2.1:4000"), Bytes: 3_000}.Offer()
	if err != nil {
		t.Fatal(err)
	}
	to := sipprobe.Target{Peer: far.Local(), Token: "large"}
	if _, x := near.Call(t.Context(), to, sipprobe.Invitation{Offer: offer, Large: true}); x.Status != 486 {
		t.Errorf("%+v", x)
	}
	select {
	case n := <-arrived:
		if n != len(offer) {
			t.Errorf("%d of %d bytes arrived", n, len(offer))
		}
	case <-time.After(5 * time.Second):
		t.Error("nothing arrived")
	}
	to.Token = "usual"
	if _, x := near.Call(t.Context(), to, sipprobe.Invitation{Offer: offer}); x.Outcome != sipprobe.NotSent || x.Error == "" {
		t.Errorf("%+v", x)
	}
	to.Token = "too-large"
	if _, x := near.Call(t.Context(), to, sipprobe.Invitation{Offer: append(offer, make([]byte, 6_000)...), Large: true}); x.Outcome != sipprobe.NotSent {
		t.Errorf("%+v", x)
	}
}
