package rtpprobe_test

import (
	"math"
	"testing"

	"bothways/rtpprobe"
)

// TestEModel holds values that follow from the formulas and tables of ITU-T G.107 and G.113.
func TestEModel(t *testing.T) {
	for _, row := range []struct {
		in     rtpprobe.Impairments
		r, mos float64
	}{
		{rtpprobe.Impairments{}, 93.2, 4.41},
		{rtpprobe.Impairments{DelayMS: 100}, 93.2, 4.41},
		{rtpprobe.Impairments{DelayMS: 400}, 69.13, 3.56},
		{rtpprobe.Impairments{LossPercent: 1}, 89.56, 4.33},
		{rtpprobe.Impairments{LossPercent: 5}, 77.42, 3.92},
		{rtpprobe.Impairments{LossPercent: 5, BurstRatio: 2}, 75.99, 3.86},
		{rtpprobe.Impairments{LossPercent: 20}, 51.07, 2.63},
		{rtpprobe.Impairments{LossPercent: 100, DelayMS: 2000}, 0, 1},
		{rtpprobe.Impairments{LossPercent: -3, DelayMS: -1}, 93.2, 4.41},
	} {
		r := row.in.R()
		if math.Abs(r-row.r) > .3 || math.Abs(rtpprobe.MOS(r)-row.mos) > .03 {
			t.Errorf("%+v: R %.2f, MOS %.2f, want %v and %v", row.in, r, rtpprobe.MOS(r), row.r, row.mos)
		}
	}
	if rtpprobe.MOS(-5) != 1 || rtpprobe.MOS(120) != 4.5 {
		t.Error("MOS leaves its scale")
	}
}
