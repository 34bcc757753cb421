package rtpprobe

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
)

// A SweepDirection says which way the requests of a sweep go, as seen from the site.
type SweepDirection uint8

const (
	// SweepInbound is from the client to the site.
	SweepInbound SweepDirection = 1 + iota
	// SweepOutbound is from the site to the client.
	SweepOutbound
)

// String is "inbound" or "outbound".
func (d SweepDirection) String() string {
	switch d {
	case SweepInbound:
		return "inbound"
	case SweepOutbound:
		return "outbound"
	}
	return fmt.Sprintf("SweepDirection(%d)", uint8(d))
}

// MarshalText gives the form of String.
func (d SweepDirection) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the form of String.
func (d *SweepDirection) UnmarshalText(text []byte) error {
	switch string(text) {
	case "inbound":
		*d = SweepInbound
	case "outbound":
		*d = SweepOutbound
	default:
		return fmt.Errorf("direction %.20q: want inbound or outbound", text)
	}
	return nil
}

// SweepTerms are what both ends of a sweep must agree on before it starts.
type SweepTerms struct {
	// ID tells the probes of this sweep from those of any other with the same key.
	ID uint32 `json:"id"`
	// Direction is which way the requests go.
	Direction SweepDirection `json:"direction"`
	// Window numbers the parts of a sweep that is done a window of ports at a time (see PlanWindows), from 0 on.
	Window uint8 `json:"window"`
	// Key is the session's media key. It never travels.
	Key []byte `json:"-"`
}

func (t SweepTerms) check() error {
	switch {
	case len(t.Key) == 0:
		return errors.New("a sweep needs the session's media key")
	case t.Direction != SweepInbound && t.Direction != SweepOutbound:
		return errors.New("a sweep needs a direction, inbound or outbound")
	}
	return nil
}

// A probeMAC makes and checks the tags of probes, for one goroutine.
type probeMAC struct {
	hash hash.Hash
	sum  [sha256.Size]byte
}

// newMAC keys a MAC for sweeps alone: a Tag made with the same key is of no use here, nor the reverse.
func (t SweepTerms) newMAC() *probeMAC {
	derive := hmac.New(sha256.New, t.Key)
	derive.Write([]byte("bothways sweep v1"))
	return &probeMAC{hash: hmac.New(sha256.New, derive.Sum(nil))}
}

// tag is valid until the next call.
func (m *probeMAC) tag(b []byte) []byte {
	m.hash.Reset()
	m.hash.Write(b)
	return m.hash.Sum(m.sum[:0])[:probeTagSize]
}
