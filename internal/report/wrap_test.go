package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		name, text string
		width      int
		want       []string
	}{
		{"fits", "one two", 7, []string{"one two"}},
		{"breaks at blanks", "one two three", 8, []string{"one two", "three"}},
		{"empty", "", 5, []string{""}},
		{"keeps numbers with their units", "lost 12.5 % in", 9, []string{"lost", "12.5 % in"}},
		{"keeps pairs of numbers", "of 0.2 / 0.3 ms", 12, []string{"of", "0.2 / 0.3 ms"}},
		{"keeps codes whole", "see call-in-udp-latched now", 20, []string{"see", "call-in-udp-latched", "now"}},
		{"keeps commands whole", "type `show all that is` now", 20, []string{"type", "`show all that is`", "now"}},
		{"cuts what is too wide", "abcdefgh ij", 5, []string{"abcde", "fgh", "ij"}},
		{"counts columns, not bytes", "äöü éè", 6, []string{"äöü éè"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrap(tt.text, tt.width)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClauses(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"one; two", 20, []string{"one; two"}},
		{"first one; second one; third", 22, []string{"first one; second one;", "third"}},
		{"a long first clause; b", 12, []string{"a long first", "clause; b"}},
		{"", 10, []string{""}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, clauses(tt.text, tt.width)); diff != "" {
			t.Errorf("%q: %s", tt.text, diff)
		}
	}
}
