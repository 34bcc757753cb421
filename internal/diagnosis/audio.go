package diagnosis

// audio is what was measured of the direction; null where a ledger is missing.
func (l leg) audio() *Audio {
	a := new(Audio)
	if l.sender != nil && l.sender.Media != nil {
		a.SentPackets = new(l.sender.SentPackets())
		if late := l.sender.Media.Sent.Lateness; late != nil {
			a.SenderLatenessP99Ms = new(late.P99 / 1000)
		}
	}
	if l.receiver != nil && l.receiver.Media != nil {
		r := &l.receiver.Media.Received
		a.ReceivedPackets, a.DuplicatedPackets, a.OutOfOrderPackets = &r.Packets, &r.Duplicated, &r.OutOfOrder
		a.JitterMs, a.ToneHeardMs = r.JitterMS, &r.ToneHeardMS
		if len(l.receiver.MoreMedia) > 0 {
			_, _, tone := l.heard()
			a.ReceivedPackets, a.ToneHeardMs = new(l.receiver.ReceivedPackets()), &tone
		}
		if r.OpaqueMS > 0 { // nobody listened to it
			a.ToneHeardMs = nil
		}
		a.LossRuns, a.LongestLossRunPackets = &r.LossRuns, &r.LongestLossRun
	}
	a.LostPercent = l.lostPercent()
	a.FirstPacketMs = l.firstPacket()
	a.DigitsSent, a.DigitsHeard = l.dialled()
	return a
}

func (l leg) jitter() *float64 { return l.audio().JitterMs }

// heard is the audio of the packets that arrived, in milliseconds: all of it, and
// how much of it was the receiver's own tone and the other end's.
func (l leg) heard() (all, own, tone float64) {
	for _, s := range l.receiver.Streams() {
		r := s.Received
		one := r.ToneHeardMS + r.OwnToneMS + r.SilenceMS + r.OtherAudioMS
		if one <= 0 && s.PtimeMS > 0 {
			one = float64(r.Packets) * s.PtimeMS
		}
		all, own, tone = all+one, own+r.OwnToneMS, tone+r.ToneHeardMS
	}
	return all, own, tone
}

// silent reports whether packets arrived without the tone that was sent.
func (l leg) silent() bool {
	if l.state != alive {
		return false
	}
	if l.locked() {
		return true
	}
	all, own, tone := l.heard()
	return l.receiver.Media.Received.OpaqueMS == 0 && all > 0 && tone < all/10 && own < all/10
}

// locked reports whether packets arrived that the receiver could not decrypt.
func (l leg) locked() bool {
	if l.state != alive {
		return false
	}
	r := l.receiver.Media.Received
	return r.Unauthenticated >= minPackets && r.Unauthenticated > r.Packets
}

// looped reports whether the receiver heard itself: its own tone in what arrived, or
// its own packets back.
func (l leg) looped() bool {
	if l.receiver == nil || l.receiver.Media == nil {
		return false
	}
	if m := l.receiver.Media; m.Received.Looped >= enoughToTell && 2*m.Received.Looped > m.Sent.Packets {
		return true
	}
	r := l.receiver.Media.Received
	return r.OwnToneMS > 0 && 2*r.OwnToneMS > r.ToneHeardMS+r.OwnToneMS+r.OtherAudioMS && l.state == alive
}
