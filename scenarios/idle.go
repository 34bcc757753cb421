package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// An Idle says how long the path must remember a UDP binding or a connection over which
// nothing passes, and how long it is put to the test.
type Idle struct {
	// LimitMs is how long it must be remembered, in milliseconds.
	LimitMs int `json:"limit_ms"`
	// StepsMs are the idle times that are tried, ascending, all side by side and each
	// with a binding or connection of its own.
	StepsMs []int `json:"steps_ms"`
	// Traffic is what went over a binding before; empty for connections.
	Traffic Traffic `json:"traffic,omitempty"`
}

// Limit is LimitMs as a duration.
func (i Idle) Limit() time.Duration { return time.Duration(i.LimitMs) * time.Millisecond }

// Longest is the last of the steps.
func (i Idle) Longest() time.Duration {
	if len(i.StepsMs) == 0 {
		return 0
	}
	return time.Duration(slices.Max(i.StepsMs)) * time.Millisecond
}

// A Traffic is what went over a UDP binding before it fell idle. Many NATs remember a
// single question and answer for a shorter time than a stream.
type Traffic string

// The kinds of traffic.
const (
	// ExchangeTraffic is one packet out and one back, as a registration.
	ExchangeTraffic Traffic = "exchange"
	// StreamTraffic is several packets each way for some seconds, as a call.
	StreamTraffic Traffic = "stream"
)

// Bounds and defaults of idle times.
const (
	MaxIdle      = 18 * time.Minute
	MinIdle      = time.Second
	MaxIdleSteps = 12
	// DefaultBindingLimit is that of RFC 4787, REQ-5.
	DefaultBindingLimit = 120 * time.Second
	// DefaultConnectionLimit is far below that of RFC 5382, REQ-5 (2 h 4 min), and
	// above the keep-alives of RFC 5626 section 4.4.1.
	DefaultConnectionLimit = 15 * time.Minute
)

// defaultSteps has one just below the limit of bindings, which many routers keep to the second.
func defaultSteps(kind Kind) []string {
	if kind == BindingKind {
		return []string{"10s", "20s", "30s", "45s", "60s", "90s", "115s", "180s", "240s", "300s"}
	}
	return []string{"1m", "2m", "5m", "10m", "15m"}
}

// CheckIdle says what is wrong with idle times, nil when nothing is.
func CheckIdle(i Idle) error {
	if n := len(i.StepsMs); n == 0 || n > MaxIdleSteps {
		return fmt.Errorf("steps: %d are not between 1 and %d", n, MaxIdleSteps)
	}
	for n, ms := range i.StepsMs {
		if err := checkIdleTime("steps", ms); err != nil {
			return err
		}
		if n > 0 && ms <= i.StepsMs[n-1] {
			return errors.New("steps: they do not ascend")
		}
	}
	if err := checkIdleTime("limit", i.LimitMs); err != nil {
		return err
	}
	if i.Longest() < i.Limit() {
		return fmt.Errorf("steps: none is as long as the limit of %v", i.Limit())
	}
	if i.Traffic != "" && i.Traffic != ExchangeTraffic && i.Traffic != StreamTraffic {
		return fmt.Errorf("traffic: %q is none of exchange, stream", i.Traffic)
	}
	return nil
}

func checkIdleTime(key string, ms int) error {
	if d := time.Duration(ms) * time.Millisecond; d < MinIdle || d > MaxIdle {
		return fmt.Errorf("%s: %v is not between %v and %v", key, d, MinIdle, MaxIdle)
	}
	return nil
}

// describeIdle reads what a check of idle times says.
func (c fileCheck) describeIdle(base *Check) error {
	idle := Idle{}
	limit, steps := c.Limit, c.Steps
	if len(steps) == 0 {
		steps = defaultSteps(base.Kind)
	}
	for _, s := range steps {
		ms, err := milliseconds("steps", s)
		if err != nil {
			return err
		}
		idle.StepsMs = append(idle.StepsMs, ms)
	}
	idle.LimitMs = int(DefaultConnectionLimit.Milliseconds())
	if base.Kind == BindingKind {
		idle.LimitMs = int(DefaultBindingLimit.Milliseconds())
	}
	var err error
	if limit != "" {
		if idle.LimitMs, err = milliseconds("limit", limit); err != nil {
			return err
		}
	}
	if base.Kind == BindingKind {
		if idle.Traffic, err = oneOf("traffic", c.Traffic, StreamTraffic, ExchangeTraffic, StreamTraffic); err != nil {
			return err
		}
	}
	base.Idle = &idle
	return CheckIdle(idle)
}

func milliseconds(key, text string) (int, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf(`%s: %q is not a duration such as "90s"`, key, text)
	}
	return int(d.Milliseconds()), nil
}

// binding makes the check of UDP bindings: those of the site's NAT, which the site opens.
func (c fileCheck) binding(base Check) ([]Check, error) {
	switch {
	case len(c.Transports) > 0:
		return nil, errors.New("transports: a binding is UDP")
	case base.Direction == Inbound:
		return nil, errors.New("direction: bindings are outbound, the site opens them")
	}
	if err := c.describeIdle(&base); err != nil {
		return nil, err
	}
	base.ID, base.Transport = c.ID, "udp"
	return []Check{base}, nil
}
