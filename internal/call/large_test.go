package call_test

import (
	"testing"
	"time"

	"bothways/scenarios"
)

// TestLargeOffer calls with an INVITE of three packets.
func TestLargeOffer(t *testing.T) {
	t.Parallel()
	client, responder := lively(t, 2*time.Second, func(c *scenarios.Call) { c.Setup.OfferBytes = scenarios.MaxOfferBytes })
	if !client.Established || !responder.Established || client.Fault+responder.Fault != "" {
		t.Fatalf("client %+v, responder %+v", client.Invite, responder)
	}
	if n := client.Media.Received.Packets; n < 80 {
		t.Errorf("%d packets arrived", n)
	}
}
