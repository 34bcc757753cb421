package rtpprobe

import (
	"fmt"
	"strconv"
	"strings"
)

// A PortRange is a range of UDP ports, both ends included. The zero value stands for any free port.
type PortRange struct {
	From, To uint16
}

// String is "10000-20000", "5060" for a single port, "0" for any.
func (r PortRange) String() string {
	if r.From == r.To {
		return strconv.Itoa(int(r.From))
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// MarshalText gives the form of String.
func (r PortRange) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the form of String.
func (r *PortRange) UnmarshalText(text []byte) error {
	first, last, ranged := strings.Cut(string(text), "-")
	if !ranged {
		last = first
	}
	from, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return fmt.Errorf("port range %q: want a port or FROM-TO", text)
	}
	to, err := strconv.ParseUint(last, 10, 16)
	if err != nil {
		return fmt.Errorf("port range %q: want a port or FROM-TO", text)
	}
	parsed := PortRange{From: uint16(from), To: uint16(to)}
	if err := parsed.check(); err != nil {
		return err
	}
	*r = parsed
	return nil
}

func (r PortRange) check() error {
	switch {
	case r.any():
		return nil
	case r.From == 0:
		return fmt.Errorf("port range %s: begins at port 0", r)
	case r.From > r.To:
		return fmt.Errorf("port range %s: ends before it begins", r)
	}
	return nil
}

func (r PortRange) any() bool { return r == PortRange{} }

// Contains reports whether port is in the range; the zero range contains every port but 0.
func (r PortRange) Contains(port uint16) bool {
	if r.any() {
		return port != 0
	}
	return r.From <= port && port <= r.To
}

// Size is the number of ports in the range, 65,535 for the zero range, 0 for an inverted one.
func (r PortRange) Size() int {
	if r.any() {
		return 65535
	}
	return max(int(r.To)-int(r.From)+1, 0)
}
