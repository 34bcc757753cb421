package diagnosis

import (
	"testing"

	"bothways/rtpprobe"
)

func ports16(t *testing.T, text string) (set rtpprobe.PortSet) {
	t.Helper()
	if err := set.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestPortWords(t *testing.T) {
	tests := []struct {
		ports string
		limit int
		want  string
	}{
		{"", 3, ""},
		{"10000-20000", 3, "10000-20000"},
		{"1,3", 3, "1, 3"},
		{"1,3,5", 3, "odd ports 1-5"},
		{"2,4,6,8-10,20,22,24", 3, "even ports 2-6, 8-10, even ports 20-24"},
		{"1,4,7,10,13", 3, "1, 4, 7 and 2 more ranges"},
	}
	for _, tt := range tests {
		if got := portWords(ports16(t, tt.ports), tt.limit); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.ports, got, tt.want)
		}
	}
}

func TestGaps(t *testing.T) {
	tests := []struct{ lost, undecided, want string }{
		{"", "1-5", ""},
		{"1-5,7-9", "", "1-5,7-9"},
		{"1-5,7-9", "6", "1-9"},
		{"1-5,8-9", "6", "1-5,8-9"},
		{"3-5", "1-2,6-7", "3-5"},
		{"65530-65535", "65529", "65530-65535"},
	}
	for _, tt := range tests {
		if got := gaps(ports16(t, tt.lost), ports16(t, tt.undecided)).String(); got != tt.want {
			t.Errorf("lost %s, undecided %s: %s, want %s", tt.lost, tt.undecided, got, tt.want)
		}
	}
}

func TestByParity(t *testing.T) {
	tests := []struct{ name, lost, decided, which, single, rest string }{
		{"nothing", "", "1-20", "", "", ""},
		{"odd", "1,3,5,7,9", "1-10", "odd", "1,3,5,7,9", ""},
		{"even", "2,4,6,8,10", "1-10", "even", "2,4,6,8,10", ""},
		{"a hole", "5", "1-10", "", "", "5"},
		{"odd and a gap", "1,3,5,7,9-20", "1-20", "odd", "1,3,5,7,9", "10-20"},
		{"odd and a gap that ends odd", "1-5,7,9,11,13,15", "1-16", "odd", "1,5,7,9,11,13,15", "2-4"},
		{"half of the odd ones", "1,3,5,7", "1-20", "", "", "1,3,5,7"},
		{"nothing of the other parity was tried", "1,3,5,7", "1,3,5,7", "", "", "1,3,5,7"},
		{"all of them", "1-20", "1-20", "", "", "1-20"},
	}
	for _, tt := range tests {
		which, single, rest := byParity(ports16(t, tt.lost), ports16(t, tt.decided))
		if which != tt.which || single.String() != tt.single || rest.String() != tt.rest {
			t.Errorf("%s: %q %s and %s, want %q %s and %s", tt.name, which, single, rest, tt.which, tt.single, tt.rest)
		}
	}
}

func TestGrouped(t *testing.T) {
	tests := map[int]string{0: "0", 999: "999", 1000: "1,000", 64511: "64,511", 1234567: "1,234,567", -1000: "-1,000"}
	for n, want := range tests {
		if got := grouped(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestLikeNearest(t *testing.T) {
	tests := []struct{ set, yes, no, want string }{
		{"1-9", "", "5", ""},
		{"1-9", "5", "", "1-9"},
		{"1-20", "1-2", "19-20", "1-10"},
		{"1-9", "1,9", "4,8", "1,3,5,7,9"},
		{"60000", "1", "2", ""},
	}
	for _, tt := range tests {
		if got := likeNearest(ports16(t, tt.set), ports16(t, tt.yes), ports16(t, tt.no)).String(); got != tt.want {
			t.Errorf("%s like %s and not %s: %s, want %s", tt.set, tt.yes, tt.no, got, tt.want)
		}
	}
}
