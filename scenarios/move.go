package scenarios

import (
	"errors"
	"fmt"
	"time"
)

// A Side is one of the two programs.
type Side string

// The sides. In a file "caller" and "called" stand for them too, as the direction of the
// call has it.
const (
	ClientSide    Side = "client"
	ResponderSide Side = "responder"
)

// Setup says how a call is set up; the zero value is an INVITE with an offer, 180 and 200
// at once.
type Setup struct {
	// EarlyMediaMs is for how long the called side sends audio before it answers, after a
	// 183 with its SDP, in milliseconds; 0 is none.
	EarlyMediaMs int `json:"early_media_ms,omitempty"`
	// DelayedOffer leaves the offer to the called side's 200, and the answer to the ACK
	// (RFC 3261 section 13.2.1).
	DelayedOffer bool `json:"delayed_offer,omitempty"`
	// RingMs is how long the called side rings, in milliseconds; 0 is no longer than needed.
	RingMs int `json:"ring_ms,omitempty"`
	// OfferBytes is the size of the SDP in the INVITE, as of phones with many codecs and
	// ICE; over UDP such an INVITE leaves in fragments. 0 is no larger than needed.
	OfferBytes int `json:"offer_bytes,omitempty"`
}

// EarlyMedia is EarlyMediaMs as a duration.
func (s Setup) EarlyMedia() time.Duration { return time.Duration(s.EarlyMediaMs) * time.Millisecond }

// Ring is RingMs as a duration.
func (s Setup) Ring() time.Duration { return time.Duration(s.RingMs) * time.Millisecond }

// Lasts is how long it takes longer than usual until the call is answered.
func (s Setup) Lasts() time.Duration { return s.Ring() + s.EarlyMedia() }

// A SessionTimer is that of RFC 4028; the zero value is none.
type SessionTimer struct {
	// ExpiresMs is after how long the call ends unless it is refreshed, in whole seconds
	// as milliseconds. Less than 90 s is less than a stranger may ask for.
	ExpiresMs int `json:"expires_ms,omitempty"`
	// Refresher is the side that refreshes, by Method: UPDATE or a re-INVITE.
	Refresher Side     `json:"refresher,omitempty"`
	Method    MoveKind `json:"method,omitempty"`
}

// Expires is ExpiresMs as a duration.
func (t SessionTimer) Expires() time.Duration { return time.Duration(t.ExpiresMs) * time.Millisecond }

// A Move is what one side does in the middle of a call.
type Move struct {
	// AtMs is when, in milliseconds after the answer.
	AtMs int      `json:"at_ms"`
	By   Side     `json:"by"`
	Do   MoveKind `json:"do"`
	// How is set for holds and for no others.
	How HoldKind `json:"how,omitempty"`
	// Media is what becomes of the side's media address. It is empty for holds, for
	// resuming, and for an UPDATE without SDP, which refreshes the session and no more.
	Media MediaMove `json:"media,omitempty"`
	// NoOffer leaves the offer of a re-INVITE to the other side's 200, and the answer to the
	// ACK, as those do who connect two calls with each other (RFC 3725).
	NoOffer bool `json:"no_offer,omitempty"`
}

// At is AtMs as a duration.
func (m Move) At() time.Duration { return time.Duration(m.AtMs) * time.Millisecond }

// A MoveKind is what a move does.
type MoveKind string

// The moves.
const (
	// HoldMove and ResumeMove put the other side on hold by re-INVITE, and take it back.
	HoldMove   MoveKind = "hold"
	ResumeMove MoveKind = "resume"
	// ReinviteMove and UpdateMove renegotiate by re-INVITE (RFC 3261 section 14) or by
	// UPDATE (RFC 3311).
	ReinviteMove MoveKind = "reinvite"
	UpdateMove   MoveKind = "update"
)

// A HoldKind is how a side puts the other on hold.
type HoldKind string

// The kinds of hold.
const (
	// SendOnlyHold goes on sending, as music on hold (RFC 3264 section 8.4).
	SendOnlyHold HoldKind = "sendonly"
	// InactiveHold has neither side send.
	InactiveHold HoldKind = "inactive"
	// ZeroAddressHold names 0.0.0.0 for media, as RFC 2543 did; the side that holds sends on.
	ZeroAddressHold HoldKind = "zero-address"
)

// A MediaMove is what becomes of a side's media address.
type MediaMove string

// The moves of media.
const (
	// SameMedia keeps it.
	SameMedia MediaMove = "same"
	// NewPortMedia opens another port, with a stream of its own, as a PBX does that
	// transfers a call.
	NewPortMedia MediaMove = "new-port"
	// SecondMedia goes to the client's second address, which the client has when it is run
	// with --second-address, as a provider does that hands a call to another media server.
	SecondMedia MediaMove = "second"
)

// Leaves reports whether the media gets another address or port.
func (m MediaMove) Leaves() bool { return m == NewPortMedia || m == SecondMedia }

// Bounds of what a call may do.
const (
	MaxMoves   = 20
	MinMoveGap = time.Second
	MaxSetup   = 10 * time.Second // of ringing, and of early media
	MinSession = 10 * time.Second
	MaxSession = time.Hour
	// The least is more than any offer takes by itself, the most what a check of sizes
	// sends over UDP.
	MinOfferBytes, MaxOfferBytes = 800, 4000
)

// Lively reports whether something happens in the call beside talk.
func (c Call) Lively() bool {
	return len(c.Moves) > 0 || c.Setup != (Setup{}) || c.SessionTimer != (SessionTimer{}) || c.Hangup != ""
}

// checkMoves says what is wrong with what a call does, nil when nothing is.
func (c Call) checkMoves() error {
	if err := c.Setup.check(); err != nil {
		return err
	}
	if err := c.SessionTimer.check(); err != nil {
		return err
	}
	if c.Hangup != "" && !c.Hangup.valid() {
		return fmt.Errorf("hangup: %q is none of caller, called, client, responder", c.Hangup)
	}
	if len(c.Moves) > MaxMoves {
		return fmt.Errorf("moves: %d are more than %d", len(c.Moves), MaxMoves)
	}
	if len(c.Moves) > 0 && c.PauseMs != 0 {
		return errors.New("pause: a call with moves has none; hold it instead")
	}
	holds := make(map[Side]bool)
	for i, m := range c.Moves {
		if err := m.check(holds); err != nil {
			return fmt.Errorf("moves[%d].%w", i, err)
		}
		if m.Media == SecondMedia && c.Client.MediaFrom == FromSecond {
			return fmt.Errorf("moves[%d].media: the client's media has the second address already", i)
		}
		if i > 0 && m.At() < c.Moves[i-1].At()+MinMoveGap {
			return fmt.Errorf("moves[%d].at: %v is not %v or more after the move before", i, m.At(), MinMoveGap)
		}
		if m.At() > c.Talk()-MinMoveGap {
			return fmt.Errorf("moves[%d].at: %v is not %v or more before the end of the talk, %v", i, m.At(), MinMoveGap, c.Talk())
		}
	}
	return nil
}

func (s Side) valid() bool { return s == ClientSide || s == ResponderSide }

func (s Setup) check() error {
	if d := s.EarlyMedia(); d < 0 || d > MaxSetup {
		return fmt.Errorf("setup.early_media: %v is not between 0 and %v", d, MaxSetup)
	}
	if d := s.Ring(); d < 0 || d > MaxSetup {
		return fmt.Errorf("setup.ring: %v is not between 0 and %v", d, MaxSetup)
	}
	if s.EarlyMediaMs > 0 && s.DelayedOffer {
		return errors.New("setup.early_media: without an offer in the INVITE there is nowhere to send it; leave delayed_offer out")
	}
	if n := s.OfferBytes; n != 0 && (n < MinOfferBytes || n > MaxOfferBytes) {
		return fmt.Errorf("setup.offer_bytes: %d is not between %d and %d bytes", n, MinOfferBytes, MaxOfferBytes)
	}
	if s.OfferBytes != 0 && s.DelayedOffer {
		return errors.New("setup.offer_bytes: it is about the offer in the INVITE; leave delayed_offer out")
	}
	return nil
}

func (t SessionTimer) check() error {
	if t == (SessionTimer{}) {
		return nil
	}
	if d := t.Expires(); d < MinSession || d > MaxSession || d%time.Second != 0 {
		return fmt.Errorf("session_timer.expires: %v is not a number of seconds between %v and %v", d, MinSession, MaxSession)
	}
	if !t.Refresher.valid() {
		return fmt.Errorf("session_timer.refresher: %q is none of caller, called, client, responder", t.Refresher)
	}
	if t.Method != UpdateMove && t.Method != ReinviteMove {
		return fmt.Errorf("session_timer.method: %q is none of update, reinvite", t.Method)
	}
	return nil
}

// check holds a move against those before it: holds are the sides that hold.
func (m Move) check(holds map[Side]bool) error {
	switch {
	case m.At() < MinMoveGap:
		return fmt.Errorf("at: %v is not %v or more after the answer", m.At(), MinMoveGap)
	case !m.By.valid():
		return fmt.Errorf("by: %q is none of caller, called, client, responder", m.By)
	case m.NoOffer && m.Do != ReinviteMove:
		return errors.New("offer: it belongs to reinvite")
	case (m.Do == HoldMove) != (m.How != ""):
		return errors.New("how: it belongs to holds")
	}
	switch m.Do {
	case HoldMove, ResumeMove:
		if m.Media != "" {
			return errors.New("media: it belongs to reinvite and update")
		}
		if holds[m.By] == (m.Do == HoldMove) {
			return fmt.Errorf("do: the %s cannot %s here", m.By, m.Do)
		}
		holds[m.By] = m.Do == HoldMove
	case ReinviteMove, UpdateMove:
		if holds[m.By] {
			return fmt.Errorf("do: the %s holds the call; resume it first", m.By)
		}
		if m.Media != SameMedia && !m.Media.Leaves() && (m.Media != "" || m.Do == ReinviteMove) {
			return fmt.Errorf("media: %q is none of same, new-port, second", m.Media)
		}
		if m.Media == SecondMedia && m.By != ClientSide {
			return errors.New("media: the side inside has one address; the client can have a second")
		}
	default:
		return fmt.Errorf("do: %q is none of hold, resume, reinvite, update", m.Do)
	}
	if m.How != "" && m.How != SendOnlyHold && m.How != InactiveHold && m.How != ZeroAddressHold {
		return fmt.Errorf("how: %q is none of sendonly, inactive, zero-address", m.How)
	}
	return nil
}
