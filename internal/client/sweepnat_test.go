package client

import (
	"testing"

	"bothways/rtpprobe"
)

func TestSampleOf(t *testing.T) {
	for _, row := range []struct {
		ports                  string
		want, widest, farthest int // ports, side by side, untried between
	}{
		{"1025-65535", 2000, 10, 313},
		{"1025-3024", 2000, 2000, 0},
		{"1025-3025", 2000, 2000, 1},
		{"10000-13999", 2000, 10, 10},
	} {
		var ports rtpprobe.PortSet
		if err := ports.UnmarshalText([]byte(row.ports)); err != nil {
			t.Fatal(err)
		}
		got := sampleOf(ports)
		widest, farthest := 0, 0
		for _, r := range got.Ranges() {
			widest = max(widest, r.Size())
		}
		for _, r := range ports.Minus(got).Ranges() {
			farthest = max(farthest, r.Size())
		}
		if got.Len() != row.want || widest > row.widest || farthest > row.farthest || !got.Minus(ports).IsZero() {
			t.Errorf("%s: %d ports, %d side by side, %d left out between", row.ports, got.Len(), widest, farthest)
		}
	}
}

func TestNATWindows(t *testing.T) {
	var all, seen rtpprobe.PortSet
	if err := all.UnmarshalText([]byte("1025-65535")); err != nil {
		t.Fatal(err)
	}
	sample := sampleOf(all)
	for _, w := range natWindows(sample, maxNATWindow) {
		ranges := w.Ranges()
		if w.Len() > maxNATWindow || !w.Intersect(seen).IsZero() || ranges[0].From > 3000 || ranges[len(ranges)-1].To < 63000 {
			t.Errorf("%d ports: %v", w.Len(), w)
		}
		seen = seen.Union(w)
	}
	if !seen.Equal(sample) {
		t.Errorf("%d of %d ports", seen.Len(), sample.Len())
	}
}
