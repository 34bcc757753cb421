package pairing

import (
	"errors"
	"fmt"
	"time"

	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// Bounds of what the responder does for checks of size and of marks.
const (
	// SizeTime is how long it may send messages of rising size.
	SizeTime = 40 * time.Second
	// MarksGrace is how long it listens for marked packets beyond the time that it takes
	// to send them.
	MarksGrace = 4 * time.Second
)

// Size asks the responder for messages of rising size, towards the address that the
// client was seen at, never another. Its record is an [evidence.SizeFacts].
type Size struct {
	Check scenarios.Check `json:"check"`
	// Port is the client's own port for a new flow; 0, over UDP alone, is the flow that
	// the client opened.
	Port uint16 `json:"port"`
}

// Marks asks the responder for its end of a trial of marks, of which it files what it
// has sent ([rtpprobe.MarksSent]) or heard ([rtpprobe.MarksArrived]).
type Marks struct {
	Check scenarios.Check `json:"check"`
	ID    uint32          `json:"id"`
	// Port is the client's port that an outbound trial goes to; an inbound one goes to the
	// port in the reply.
	Port uint16 `json:"port,omitempty"`
}

// Terms are those of the trial, with the session's media key.
func (m Marks) Terms(key []byte) rtpprobe.MarkTerms {
	return rtpprobe.MarkTerms{ID: m.ID, Packets: m.Check.DSCP.Packets, Key: key}
}

// checkPath bounds what an order for a check of size or of marks may make the responder do.
func (o Order) checkPath() error {
	if o.Size != nil {
		return o.Size.check()
	}
	if o.Marks != nil {
		return o.Marks.check()
	}
	return nil
}

func (s *Size) check() error {
	t, err := sipprobe.ParseTransport(string(s.Check.Transport))
	switch {
	case err != nil:
		return err
	case s.Check.Size == nil || s.Check.Direction != scenarios.Outbound:
		return errors.New("not an outbound check of size")
	case s.Port == 0 && t != sipprobe.UDP:
		return fmt.Errorf("messages of rising size over %s need a connection of their own", t)
	}
	return scenarios.CheckSize(*s.Check.Size)
}

func (m *Marks) check() error {
	inbound := m.Check.Direction == scenarios.Inbound
	if m.Check.DSCP == nil || !inbound && m.Check.Direction != scenarios.Outbound || inbound != (m.Port == 0) {
		return errors.New("not a check of marks")
	}
	return m.Terms(nil).Check()
}
