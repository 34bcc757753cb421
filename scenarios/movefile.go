package scenarios

import "fmt"

// fileMoves are the keys of what a call does beside talk.
type fileMoves struct {
	Setup        *fileSetup   `yaml:"setup"`
	SessionTimer *fileSession `yaml:"session_timer"`
	Moves        []fileMove   `yaml:"moves"`
	Hangup       string       `yaml:"hangup"`
}

type fileSetup struct {
	EarlyMedia   string `yaml:"early_media"`
	DelayedOffer bool   `yaml:"delayed_offer"`
	Ring         string `yaml:"ring"`
	OfferBytes   int    `yaml:"offer_bytes"`
}

type fileSession struct {
	Expires   string `yaml:"expires"`
	Refresher string `yaml:"refresher"`
	Method    string `yaml:"method"`
}

type fileMove struct {
	At    string `yaml:"at"`
	By    string `yaml:"by"`
	Do    string `yaml:"do"`
	How   string `yaml:"how"`
	Media string `yaml:"media"`
	Offer string `yaml:"offer"`
}

// describe puts the keys into a call of that direction.
func (f fileMoves) describe(call *Call, d Direction) (err error) {
	if s := f.Setup; s != nil {
		call.Setup.DelayedOffer, call.Setup.OfferBytes = s.DelayedOffer, s.OfferBytes
		if call.Setup.EarlyMediaMs, err = millisecondsOr("setup.early_media", s.EarlyMedia); err != nil {
			return err
		}
		if call.Setup.RingMs, err = millisecondsOr("setup.ring", s.Ring); err != nil {
			return err
		}
	}
	if s := f.SessionTimer; s != nil {
		t := &call.SessionTimer
		if t.ExpiresMs, err = milliseconds("session_timer.expires", s.Expires); err != nil {
			return err
		}
		if t.Refresher, err = sideOf("session_timer.refresher", s.Refresher, "caller", d); err != nil {
			return err
		}
		if t.Method, err = oneOf("session_timer.method", s.Method, UpdateMove, UpdateMove, ReinviteMove); err != nil {
			return err
		}
	}
	if f.Hangup != "" {
		if call.Hangup, err = sideOf("hangup", f.Hangup, "", d); err != nil {
			return err
		}
	}
	for i, m := range f.Moves {
		move, err := m.move(d)
		if err != nil {
			return fmt.Errorf("moves[%d].%w", i, err)
		}
		call.Moves = append(call.Moves, move)
	}
	return call.checkMoves()
}

func (m fileMove) move(d Direction) (out Move, err error) {
	if out.AtMs, err = milliseconds("at", m.At); err != nil {
		return out, err
	}
	if out.By, err = sideOf("by", m.By, "", d); err != nil {
		return out, err
	}
	if out.Do, err = oneOf("do", m.Do, "", HoldMove, ResumeMove, ReinviteMove, UpdateMove); err != nil {
		return out, err
	}
	offer, err := oneOf("offer", m.Offer, "here", "here", "none")
	if err != nil {
		return out, err
	}
	out.NoOffer = offer == "none"
	out.How, out.Media = HoldKind(m.How), MediaMove(m.Media)
	if out.Do == HoldMove && m.How == "" {
		out.How = SendOnlyHold
	}
	if out.Do == ReinviteMove && m.Media == "" {
		out.Media = SameMedia
	}
	return out, nil
}

// sideOf reads a side by its name or its part in the call.
func sideOf(key, word, fallback string, d Direction) (Side, error) {
	if word == "" {
		word = fallback
	}
	side, err := oneOf[Side](key, word, "", "caller", "called", ClientSide, ResponderSide)
	if side != "caller" && side != "called" {
		return side, err
	}
	if (side == "caller") == (d == Outbound) {
		return ResponderSide, nil
	}
	return ClientSide, nil
}

func millisecondsOr(key, s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	return milliseconds(key, s)
}
