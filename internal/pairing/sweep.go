package pairing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bothways/rtpprobe"
	"bothways/scenarios"
)

// Bounds of sweeps that both ends keep.
const (
	// SweepTime is how long the responder listens or sends for one order at most.
	SweepTime = time.Hour
	// MaxPrimed is from how many ports the responder sends before it listens on them,
	// PrimeTime how long that may take.
	MaxPrimed = 200
	PrimeTime = 2 * time.Second
	// MaxSources is how many ports the responder sends an outbound sweep from.
	MaxSources = 16
	// MaxOrderRanges bounds the ranges of ports in an order, so that it fits a datagram.
	MaxOrderRanges = 200
	// MaxHold is how long the responder holds back the answer to a Fetch.
	MaxHold = time.Second
	// sweepOrderTime is what opening or closing a window of ports may take.
	sweepOrderTime = 3 * time.Second
)

// A SweepOrder is one step of a sweep; exactly one of its parts is set. A session has
// one sweep at a time: Listen and Source end the one before.
type SweepOrder struct {
	Listen *Listen `json:"listen,omitempty"`
	Source *Source `json:"source,omitempty"`
	Send   *Send   `json:"send,omitempty"`
	// Finish closes what Listen or Source opened, and files the record.
	Finish bool `json:"finish,omitempty"`
	// Heard asks on how many ports requests have arrived that Listen opened.
	Heard bool `json:"heard,omitempty"`
}

// Listen asks the responder to listen on its ports for an inbound sweep, on the
// address that the order reached it at. It opens as many as it can at a time.
type Listen struct {
	Terms      rtpprobe.SweepTerms `json:"terms"`
	Ports      rtpprobe.PortSet    `json:"ports"`
	ProbeBytes int                 `json:"probe_bytes,omitempty"`
	// Prime, if not 0, is the client's port to which the responder first sends one packet
	// from each of its ports, at RatePPS packets a second; with 0 they stay cold.
	Prime   uint16 `json:"prime,omitempty"`
	RatePPS int    `json:"rate_pps,omitempty"`
}

// Listening is the responder's side of Listen.
type Listening struct {
	// Rest are the ports for which there was no room; they need another order.
	Rest rtpprobe.PortSet `json:"rest,omitzero"`
	// Own are those of the others that the responder holds itself, Skipped those that it
	// could not open; these are left out when they are too scattered for a reply.
	Own     rtpprobe.PortSet `json:"own,omitzero"`
	Skipped rtpprobe.PortSet `json:"skipped,omitzero"`
	// Primed counts the packets that were sent before.
	Primed int `json:"primed,omitempty"`
}

// Source asks the responder to open ports of its media range to send an outbound
// sweep from, spread over the range, even and odd.
type Source struct {
	Ports int `json:"ports"`
}

// Send asks the responder for one window of an outbound sweep, from its sources to
// the address that the order came from, never to another.
type Send struct {
	Terms      rtpprobe.SweepTerms `json:"terms"`
	Ports      rtpprobe.PortSet    `json:"ports"`
	RatePPS    int                 `json:"rate_pps,omitempty"`
	ProbeBytes int                 `json:"probe_bytes,omitempty"`
}

// A SweepReply answers a SweepOrder.
type SweepReply struct {
	// Busy says, beside the error, that the same order may do later: others sweep now.
	Busy      bool       `json:"busy,omitempty"`
	Listening *Listening `json:"listening,omitempty"`
	// Sources are the ports that were opened.
	Sources []uint16 `json:"sources,omitempty"`
	// Heard is on how many ports requests have arrived so far, null when none were opened.
	Heard *int `json:"heard,omitempty"`
}

// A SweepPart names the record of one window of a sweep.
type SweepPart struct {
	ID     uint32 `json:"id"`
	Window uint8  `json:"window"`
}

// PartOf names the record of a window.
func PartOf(t rtpprobe.SweepTerms) SweepPart { return SweepPart{ID: t.ID, Window: t.Window} }

// A SweepRecord is what the responder filed of a window: what arrived, or what it sent.
type SweepRecord struct {
	Arrived *rtpprobe.SweepArrived `json:"arrived,omitempty"`
	Sent    *rtpprobe.SweepSent    `json:"sent,omitempty"`
	// Fault is why there is neither.
	Fault string `json:"fault,omitempty"`
}

// check bounds what an order may make the responder do.
func (o SweepOrder) check() error {
	switch {
	case o.Listen != nil:
		return o.Listen.check()
	case o.Source != nil && (o.Source.Ports < 1 || o.Source.Ports > MaxSources):
		return fmt.Errorf("%d ports to send from: want 1 to %d", o.Source.Ports, MaxSources)
	case o.Send != nil:
		return checkWindow(o.Send.Terms, rtpprobe.SweepOutbound, o.Send.Ports, o.Send.RatePPS, o.Send.ProbeBytes)
	}
	return nil
}

func (l *Listen) check() error {
	if err := checkWindow(l.Terms, rtpprobe.SweepInbound, l.Ports, l.RatePPS, l.ProbeBytes); err != nil || l.Prime == 0 {
		return err
	}
	n := l.Ports.Len()
	if n > MaxPrimed || l.RatePPS == 0 || time.Duration(n)*time.Second/time.Duration(l.RatePPS) > PrimeTime {
		return fmt.Errorf("%d ports to prime at %d packets a second: want at most %d, within %v", n, l.RatePPS, MaxPrimed, PrimeTime)
	}
	return nil
}

func checkWindow(t rtpprobe.SweepTerms, d rtpprobe.SweepDirection, ports rtpprobe.PortSet, rate, probeBytes int) error {
	switch ranges := len(ports.Ranges()); {
	case t.Direction != d:
		return fmt.Errorf("a sweep %v is wanted, not %v", d, t.Direction)
	case ranges == 0:
		return errors.New("a sweep needs ports")
	case ranges > MaxOrderRanges:
		return fmt.Errorf("%d ranges of ports are more than %d", ranges, MaxOrderRanges)
	}
	return scenarios.CheckSweep(scenarios.Sweep{Ports: "1", RatePPS: rate, ProbeBytes: probeBytes})
}

// FetchSweep reads the record of a window. It waits for one that is not ready yet, and
// calls waiting about once a second meanwhile.
func (l *Link) FetchSweep(ctx context.Context, part SweepPart, waiting func()) (SweepRecord, error) {
	var record SweepRecord
	f := Fetch{Sweep: &part, HoldMs: int(MaxHold.Milliseconds())}
	err := l.fetch(ctx, f, &record, waiting)
	if err == nil && record.Fault != "" {
		err = errors.New(record.Fault)
	}
	return record, err
}
