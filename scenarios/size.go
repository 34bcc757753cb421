package scenarios

import (
	"errors"
	"fmt"
	"slices"
)

// A Size check sends SIP messages of rising size one way, and asks the other end which
// arrived. Over UDP those above the MTU travel in fragments.
type Size struct {
	// Bytes are the sizes of the messages, rising.
	Bytes []int `json:"bytes"`
}

// Bounds of a size check.
const (
	// MinSizeBytes is the least that a request of bothways takes over IPv4; MaxSizeBytes keeps
	// a message within what both ends read.
	MinSizeBytes, MaxSizeBytes = 300, 16384
	// MaxSizes bounds the steps of one check.
	MaxSizes = 32
)

// DefaultSizes are the steps of a check that names none: around the MTU of Ethernet
// (1,472 bytes over IPv4 and 1,452 over IPv6 fill it) and of DSL (1,464), and up to
// 4,000 bytes; over TCP and TLS one of 16 KiB follows. It begins at 300 bytes, which over
// IPv6 may become a little more, as its addresses are longer.
func DefaultSizes(t Transport) []int {
	sizes := []int{300, 600, 900, 1200, 1300, 1400, 1452, 1464, 1472, 1500, 1600, 2000, 3000, 4000}
	if t != "udp" {
		sizes = append(sizes, MaxSizeBytes)
	}
	return sizes
}

// CheckSize says what is wrong with a size check, nil when nothing is.
func CheckSize(s Size) error {
	switch {
	case len(s.Bytes) < 2:
		return errors.New("sizes: a ladder has at least two")
	case len(s.Bytes) > MaxSizes:
		return fmt.Errorf("sizes: %d are more than %d", len(s.Bytes), MaxSizes)
	}
	for i, n := range s.Bytes {
		if n < MinSizeBytes || n > MaxSizeBytes {
			return fmt.Errorf("sizes: %d is not between %d and %d bytes", n, MinSizeBytes, MaxSizeBytes)
		}
		if i > 0 && n <= s.Bytes[i-1] {
			return fmt.Errorf("sizes: %d does not rise above %d", n, s.Bytes[i-1])
		}
	}
	return nil
}

// describeSize fills in the sizes of a check over one transport.
func (c fileCheck) describeSize(check *Check) error {
	if check.Kind != SizeKind {
		return nil
	}
	size := Size{Bytes: slices.Clone(c.Sizes)}
	if c.Sizes == nil {
		size.Bytes = DefaultSizes(check.Transport)
	}
	check.Size = &size
	return CheckSize(size)
}
