package scenarios

import (
	"errors"
	"fmt"
	"time"
)

// A Reference is where the terms of a scenario come from.
type Reference struct {
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	// Date is when it was read, as in 2026-11-20; empty when that is not known.
	Date string `json:"date,omitempty"`
}

// A Severity is what the run is when a check fails.
type Severity string

// The severities.
const (
	// FailSeverity fails the run, as does an empty one.
	FailSeverity Severity = "fail"
	// DegradedSeverity degrades it. Unlike an optional check it must be decided.
	DegradedSeverity Severity = "degraded"
)

// Mild reports whether the failure of a check does no more than degrade a run.
func (c Check) Mild() bool { return c.Optional || c.Severity == DegradedSeverity }

// Bare is the check without what it says to people, for orders to the other end: these
// are single datagrams.
func (c Check) Bare() Check {
	c.Purpose = ""
	return c
}

// An End is one of the two ends.
type End string

// The ends: the client outside and the responder inside.
const (
	ClientEnd    End = "client"
	ResponderEnd End = "responder"
)

// From is the end that begins: it asks, calls, sends or knocks.
func (c Check) From() End {
	if c.Direction == Outbound {
		return ResponderEnd
	}
	return ClientEnd
}

// An Expectation is what a port must be.
type Expectation string

// The expectations of ports.
const (
	// ExpectOpen: what is sent arrives and is answered. An empty one is the same.
	ExpectOpen Expectation = "open"
	// ExpectClosed: nothing that is sent arrives, though the other end listens.
	ExpectClosed Expectation = "closed"
)

// fileTerms are the keys of checks of every kind that say how much they count.
type fileTerms struct {
	Severity string `yaml:"severity"`
	From     string `yaml:"from"`
	Expect   string `yaml:"expect"`
}

// fileSource is a Reference as a person writes it.
type fileSource struct {
	Title string `yaml:"title"`
	URL   string `yaml:"url"`
	Date  string `yaml:"date"`
}

// MaxPurposeBytes bounds a purpose, which is a sentence in a report.
const MaxPurposeBytes = 200

// way is the direction of a check, by direction or by from.
func (c fileCheck) way() (Direction, error) {
	if c.From == "" {
		return oneOf("direction", c.Direction, "", Inbound, Outbound)
	}
	end, err := oneOf("from", c.From, "", ClientEnd, ResponderEnd)
	if err != nil {
		return "", err
	}
	of := Inbound
	if end == ResponderEnd {
		of = Outbound
	}
	direction, err := oneOf("direction", c.Direction, of, Inbound, Outbound)
	if err == nil && of != direction {
		err = fmt.Errorf("from: %s does not go with direction: %s; inbound is from the client, outbound from the responder", end, direction)
	}
	return direction, err
}

// describe reads what every kind of check may say.
func (c fileCheck) describe(base *Check) (err error) {
	if len(c.Purpose) > MaxPurposeBytes {
		return fmt.Errorf("purpose: longer than %d bytes", MaxPurposeBytes)
	}
	base.Purpose = c.Purpose
	if base.Severity, err = oneOf("severity", c.Severity, FailSeverity, FailSeverity, DegradedSeverity); err != nil {
		return err
	}
	if base.Severity == FailSeverity {
		base.Severity = "" // as every check that says nothing
	} else if c.Optional {
		return errors.New("severity: an optional check never fails a run; leave out one of the two")
	}
	return nil
}

// source is the reference of a scenario, null when there is none.
func (f file) source(l *reading, at *node) *Reference {
	if f.Source == nil {
		return nil
	}
	if f.Source.Title == "" {
		l.at(at, "source: title is missing; want that of the document, such as title: Port table of the PBX")
	}
	if _, err := time.Parse(time.DateOnly, f.Source.Date); f.Source.Date != "" && err != nil {
		l.at(at.get("date"), "source.date: %s is not a date such as 2026-11-20", quoted(f.Source.Date))
	}
	return new(Reference(*f.Source))
}
