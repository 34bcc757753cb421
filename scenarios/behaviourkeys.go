package scenarios

// behaviourKeys are those of a call's sides.
func behaviourKeys() map[string]key {
	return map[string]key{
		"behaviour.media_address":   {about: "The address in the side's SDP: where it can be reached, that of its own interface, 0.0.0.0, or somebody else's.", words: []string{"public", "private", "zero", "wrong"}},
		"behaviour.media_from":      {about: "Which of the client's addresses its media has; second wants --second-address.", words: []string{"signalling", "second"}},
		"behaviour.latch":           {about: "Whether audio goes to where it comes from instead of to the address in the SDP.", words: []string{"never", "first-packet", "always", "strict"}},
		"behaviour.probation":       {about: "The packets in a row that a strict side wants of a new source.", min: 2, max: MaxProbation},
		"behaviour.keep_latch":      {about: "Whether a latch that has settled stays where it is when the call is renegotiated; most sides learn anew."},
		"behaviour.source_port":     {about: "Whether audio leaves from the port in the SDP or from another, at which the side does not listen.", words: []string{"same", "other"}},
		"behaviour.rtcp":            {about: "Where reports go: to the port above that of audio, to the same one, nowhere, or to one that the SDP names (a=rtcp, RFC 3605).", words: []string{"next-port", "mux", "none", "other-port"}},
		"behaviour.rport":           {about: "Whether the side asks for answers to its source port (RFC 3581)."},
		"behaviour.ptime":           {about: "The audio in a packet, in milliseconds: 20, 30 or 40.", min: 20, max: 40},
		"behaviour.audio":           {about: "What the side sends.", words: []string{"tone", "silence", "loop"}},
		"behaviour.dtmf":            {about: "Digits that it sends as telephone events (RFC 4733), half a second after it began to talk.", like: `^[0-9*#A-D]*$`},
		"behaviour.gap":             {about: "How long it suppresses silence, from one second after it began to talk, as in 3s.", like: likeDuration},
		"behaviour.gap_by":          {about: "What it sends in the gap: nothing, or a packet now and then (RFC 3389).", words: []string{"no-packets", "comfort-noise"}},
		"behaviour.answers_to":      {about: "To which port its responses go over UDP: the one that asked, if that is wanted (RFC 3581), or the one in Via all the same.", words: []string{"source", "via"}},
		"behaviour.signalling_port": {about: "Whether its SIP leaves from the port at which it listens, or from another, over UDP.", words: []string{"same", "other"}},
		"behaviour.srtp_key":        {about: "Whether its SDP names the key that it encrypts with.", words: []string{"right", "wrong"}},
	}
}
