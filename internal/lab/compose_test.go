package lab_test

import (
	"reflect"
	"slices"
	"testing"

	"bothways/internal/lab"
	"bothways/internal/natlab"
)

// TestPairsAreTheirFaults: a pair has all that its two faults have.
func TestPairsAreTheirFaults(t *testing.T) {
	found := 0
	for _, f := range lab.Faults() {
		if f.Ranked == nil {
			continue
		}
		found++
		if f.Verdict == "" {
			t.Errorf("%s cannot be planted: %s", f.Name, f.Title)
		}
		if len(f.Also) > 1 || len(f.Expect) < 2 {
			t.Errorf("%s expects %v of %s and %v", f.Name, f.Expect, f.Scenario, f.Also)
		}
	}
	if found < 5 {
		t.Errorf("%d pairs", found)
	}
}

func TestTogether(t *testing.T) {
	find := func(name string) lab.Fault {
		f, err := lab.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	via, small := find("sip-via-rewritten"), find("path-small-mtu")
	both, err := lab.Together(via, small)
	if err != nil {
		t.Fatal(err)
	}
	if both.Topology.WANMTU != small.Topology.WANMTU || !reflect.DeepEqual(both.Topology.Box, via.Topology.Box) ||
		!reflect.DeepEqual(both.Topology.Forwards, via.Topology.Forwards) || !slices.Equal(both.Expect, via.Expect) ||
		both.Scenario != "trunk" || !slices.Equal(both.Also, []string{"path"}) || both.Verdict != "degraded" {
		t.Errorf("%+v", both)
	}
	gap, loss := find("sweep-partly-dropped"), find("rtp-loss")
	if both, err = lab.Together(gap, loss); err != nil || len(both.Topology.Rules) != 2 || len(gap.Topology.Rules) != 1 {
		t.Errorf("rules %+v, %v", both.Topology.Rules, err)
	}
	shut, shifted := find("tls-not-forwarded"), find("sweep-shifted")
	if both, err = lab.Together(shut, shifted); err != nil || len(both.Topology.Forwards) != 3 {
		t.Errorf("forwards %+v, %v", both.Topology.Forwards, err)
	}
	if _, err := lab.Together(find("port-shifted"), shifted); err == nil {
		t.Error("two faults both have forwards of their own")
	}
	tiny := small
	tiny.Topology.WANMTU = 1300
	if _, err := lab.Together(small, tiny); err == nil {
		t.Error("two faults want different MTUs")
	}
	if both, err = lab.Together(via, via); err != nil || !reflect.DeepEqual(both.Topology.Rules, []natlab.Rule(nil)) {
		t.Errorf("a fault and itself: %v", err)
	}
}
