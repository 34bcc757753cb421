package responder_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/responder"
	"bothways/sipprobe"
)

// TestStrangerWithoutAnOffer calls without the key and without an offer: the responder
// makes one, and sends audio where the ACK wants it, if that is the caller's own host.
func TestStrangerWithoutAnOffer(t *testing.T) {
	r := start(t, func(c *responder.Config) { c.AnswerAnyone = true })
	to := addressOf(r, sipprobe.UDP)
	for _, row := range []struct {
		name, host string
		hears      bool
	}{{"its own host", "127.0.0.1", true}, {"somebody else's", "127.0.0.2", false}} {
		t.Run(row.name, func(t *testing.T) {
			media, err := net.ListenPacket("udp4", row.host+":0")
			if err != nil {
				t.Skip(err)
			}
			defer media.Close()
			e := stranger(t)
			var offer sipprobe.Media
			call, x := e.Call(t.Context(), sipprobe.Target{Peer: to, Token: "stranger"}, sipprobe.Invitation{Answer: func(body []byte) []byte {
				offer, _ = sipprobe.ParseMedia(body)
				answer, _ := sipprobe.Media{Address: netip.MustParseAddrPort(media.LocalAddr().String()), Payloads: []uint8{0}}.Offer()
				return answer
			}})
			if call == nil {
				t.Fatalf("%+v", x)
			}
			defer call.Forget()
			defer call.Bye(t.Context())
			if !offer.Address.IsValid() || len(offer.Payloads) == 0 {
				t.Errorf("the offer is %+v", offer)
			}
			media.SetReadDeadline(time.Now().Add(2 * time.Second))
			n, _, err := media.ReadFrom(make([]byte, 1500))
			if (err == nil) != row.hears {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// stranger is an endpoint without the key.
func stranger(t *testing.T) *sipprobe.Endpoint {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e, err := sipprobe.Start(sipprobe.EndpointConfig{Transport: sipprobe.UDP, PacketConn: conn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}
