package scenarios

// moveKeys are those of what a call does beside talk.
func moveKeys() map[string]key {
	call, sides := []Kind{CallKind}, []string{"caller", "called", "client", "responder"}
	return map[string]key{
		"check.setup":         {about: "How the call is set up.", kinds: call},
		"check.session_timer": {about: "The session timer of the call (RFC 4028).", kinds: call},
		"check.moves":         {about: "What the sides do in the middle of the call, in order.", kinds: call},
		"check.hangup":        {about: "The side that hangs up; the caller where it is left out.", kinds: call, words: sides},
		"setup.early_media":   {about: "For how long the called side sends audio before it answers, as in 2s.", like: likeDuration},
		"setup.delayed_offer": {about: "Whether the offer comes with the 200 instead of the INVITE."},
		"setup.ring":          {about: "How long the called side rings, as in 1s.", like: likeDuration},
		"setup.offer_bytes":   {about: "The size of the SDP in the INVITE, which then leaves in fragments over UDP.", min: MinOfferBytes, max: MaxOfferBytes},
		"session.expires":     {about: "After how long the call ends without a refresh, as in 90s.", like: likeDuration},
		"session.refresher":   {about: "The side that refreshes; the caller where it is left out.", words: sides},
		"session.method":      {about: "How it refreshes.", words: []string{"update", "reinvite"}},
		"move.at":             {about: "When, after the answer, as in 2s.", like: likeDuration},
		"move.by":             {about: "The side that does it.", words: sides},
		"move.do":             {about: "What it does.", words: []string{"hold", "resume", "reinvite", "update"}},
		"move.how":            {about: "How it holds; sendonly where it is left out.", words: []string{"sendonly", "inactive", "zero-address"}},
		"move.offer":          {about: "Whether a reinvite makes the offer or leaves it to the other side.", words: []string{"here", "none"}},
		"move.media":          {about: "What becomes of its media address, in a reinvite or update; second is the client's, with --second-address.", words: []string{"same", "new-port", "second"}},
	}
}
