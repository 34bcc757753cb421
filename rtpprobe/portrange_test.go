package rtpprobe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/rtpprobe"
)

func TestPortRangeText(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  rtpprobe.PortRange
		again string
	}{
		{"10000-20000", rtpprobe.PortRange{From: 10000, To: 20000}, "10000-20000"},
		{"5060", rtpprobe.PortRange{From: 5060, To: 5060}, "5060"},
		{"7-7", rtpprobe.PortRange{From: 7, To: 7}, "7"},
		{"0", rtpprobe.PortRange{}, "0"},
	} {
		var got rtpprobe.PortRange
		if err := got.UnmarshalText([]byte(c.text)); err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%q: %s", c.text, diff)
		}
		if text, _ := got.MarshalText(); string(text) != c.again {
			t.Errorf("%q is written %q", c.text, text)
		}
	}
	for _, text := range []string{"", "-", "1-", "-1", "65536", "2-1", "0-5", "a", "1-2-3", " 1"} {
		got := rtpprobe.PortRange{From: 1, To: 2}
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted as %v", text, got)
		}
		if got != (rtpprobe.PortRange{From: 1, To: 2}) {
			t.Errorf("%q changed the range to %v", text, got)
		}
	}
}

func TestPortRangeContains(t *testing.T) {
	r := rtpprobe.PortRange{From: 10, To: 20}
	for port, want := range map[uint16]bool{9: false, 10: true, 20: true, 21: false} {
		if r.Contains(port) != want {
			t.Errorf("Contains(%d) = %v", port, !want)
		}
	}
	var anyPort rtpprobe.PortRange
	if !anyPort.Contains(1) || anyPort.Contains(0) {
		t.Error("the zero range is not every port but 0")
	}
	sizes := []int{r.Size(), anyPort.Size(), rtpprobe.PortRange{From: 2, To: 1}.Size()}
	if diff := cmp.Diff([]int{11, 65535, 0}, sizes); diff != "" {
		t.Error(diff)
	}
}
