package pairing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/rtpprobe/natprobe"
	"bothways/scenarios"
)

// Bounds of tests of NATs that both ends keep.
const (
	// NATTime is how long the responder's sockets are open for one test at most.
	NATTime = 90 * time.Second
	// MaxNATPorts is how many of its ports, on each of its addresses, a client may have
	// asked: with natprobe.DefaultTries packets from each of the responder's sockets.
	MaxNATPorts = 2
	// natOrderTime is what opening sockets, or closing them, may take.
	natOrderTime = 2 * time.Second
)

// A NATOrder is one step of a test of a NAT; exactly one of its parts is set. A session
// has one test at a time: Open ends the one before.
type NATOrder struct {
	Open  *NATOpen  `json:"open,omitempty"`
	Probe *NATProbe `json:"probe,omitempty"`
	// Finish closes what Open opened, and files the record.
	Finish bool `json:"finish,omitempty"`
}

// NATOpen asks the responder to open sockets on the address that the order reached it
// at, and to answer on them: inbound two of its media range; outbound four, two for each
// test, and as many that no forward is for.
type NATOpen struct {
	Direction scenarios.Direction `json:"direction"`
}

// NATProbe asks the responder to probe from its sockets, towards ports of the address
// that the order came from, and to those of a second address that has proven itself.
type NATProbe struct {
	Ports       []uint16   `json:"ports,omitempty"`
	Second      netip.Addr `json:"second,omitzero"`
	SecondPorts []uint16   `json:"second_ports,omitempty"`
}

// A NATReply answers a NATOrder.
type NATReply struct {
	// Sockets are those that were opened.
	Sockets []NATSocket `json:"sockets,omitempty"`
	// Public is true when the responder has STUN servers to ask.
	Public bool `json:"public,omitempty"`
}

// A NATSocket is one that the responder opened.
type NATSocket struct {
	Class evidence.NATClass `json:"class"`
	Fresh bool              `json:"fresh"`
	Port  uint16            `json:"port"`
	Test  natprobe.Test     `json:"test"`
}

// A NATRecord is what the responder filed of a test.
type NATRecord struct {
	// Heard is what arrived at its sockets, outbound before they probed.
	Heard *natprobe.Heard `json:"heard,omitempty"`
	// Sockets probed; inbound there are none.
	Sockets []evidence.NATSocket `json:"sockets,omitempty"`
	Others  []natprobe.Result    `json:"others,omitempty"`
	Hairpin *evidence.Hairpin    `json:"hairpin,omitempty"`
}

// STUNCredentials are those of a run: both ends prove the key with them.
func STUNCredentials(key, run string) natprobe.Credentials {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte("bothways stun " + run))
	return natprobe.Credentials{User: run, Key: h.Sum(nil)}
}

// check bounds what an order may make the responder do.
func (o NATOrder) check() error {
	switch {
	case o.Open != nil && o.Open.Direction != scenarios.Inbound && o.Open.Direction != scenarios.Outbound:
		return fmt.Errorf("bad direction %q", o.Open.Direction)
	case o.Probe != nil:
		return o.Probe.check()
	}
	return nil
}

func (p NATProbe) check() error {
	for _, ports := range [][]uint16{p.Ports, p.SecondPorts} {
		if len(ports) > MaxNATPorts {
			return fmt.Errorf("%d ports to ask are more than %d", len(ports), MaxNATPorts)
		}
		for _, port := range ports {
			if port == 0 {
				return errors.New("port 0 cannot be asked")
			}
		}
	}
	if p.Second.IsValid() != (len(p.SecondPorts) > 0) {
		return errors.New("a second address and its ports belong together")
	}
	return nil
}

// FetchNAT reads the record of a test. It waits for one that is not ready yet.
func (l *Link) FetchNAT(ctx context.Context) (NATRecord, error) {
	var record NATRecord
	err := l.fetch(ctx, Fetch{NAT: true, HoldMs: int(MaxHold.Milliseconds())}, &record, func() {})
	return record, err
}
