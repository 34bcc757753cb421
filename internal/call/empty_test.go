package call_test

import (
	"testing"
	"time"

	"bothways/scenarios"
)

// TestReinviteWithoutOffer has each side move its media by a re-INVITE whose offer the other
// side makes.
func TestReinviteWithoutOffer(t *testing.T) {
	for _, by := range []scenarios.Side{scenarios.ClientSide, scenarios.ResponderSide} {
		for _, media := range []scenarios.MediaMove{scenarios.SameMedia, scenarios.NewPortMedia} {
			t.Run(string(by)+" "+string(media), func(t *testing.T) {
				t.Parallel()
				client, responder := lively(t, 4*time.Second, func(c *scenarios.Call) {
					c.Moves = []scenarios.Move{{AtMs: 1500, By: by, Do: scenarios.ReinviteMove, Media: media, NoOffer: true}}
				})
				want := "answer, reinvite by " + string(by)
				if media == scenarios.NewPortMedia {
					want += " moved"
				}
				want += ", over"
				for _, end := range []string{recounted(client) + client.Fault, recounted(responder) + responder.Fault} {
					if end != want {
						t.Errorf("%s, want %s", end, want)
					}
				}
				if len(client.Moments) != 3 || len(responder.Moments) != 3 {
					return
				}
				if sent, received := between(client, 1); sent < 80 || received < 80 {
					t.Errorf("afterwards the client sent %d and received %d packets", sent, received)
				}
				if sent, received := between(responder, 1); sent < 80 || received < 80 {
					t.Errorf("afterwards the responder sent %d and received %d packets", sent, received)
				}
			})
		}
	}
}
