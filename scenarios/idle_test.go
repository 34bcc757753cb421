package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

func anIdle(kind, keys string) string {
	return fmt.Sprintf("name: x\nchecks:\n  - {id: i, kind: %s, direction: outbound%s}\n", kind, keys)
}

func TestLoadIdle(t *testing.T) {
	for _, row := range []struct {
		kind, keys string
		id         string
		want       scenarios.Idle
	}{
		{"binding", "", "i", scenarios.Idle{LimitMs: 120_000, Traffic: "stream",
			StepsMs: []int{10_000, 20_000, 30_000, 45_000, 60_000, 90_000, 115_000, 180_000, 240_000, 300_000}}},
		{"binding", ", limit: 2s, steps: [1s, 1500ms, 3s], traffic: exchange", "i", scenarios.Idle{LimitMs: 2000, Traffic: "exchange", StepsMs: []int{1000, 1500, 3000}}},
		{"idle", "", "i-tcp", scenarios.Idle{LimitMs: 900_000, StepsMs: []int{60_000, 120_000, 300_000, 600_000, 900_000}}},
		{"idle", ", transports: [tls], limit: 1m, steps: [1m]", "i-tls", scenarios.Idle{LimitMs: 60_000, StepsMs: []int{60_000}}},
	} {
		got, err := scenarios.Load("x.yaml", strings.NewReader(anIdle(row.kind, row.keys)))
		if err != nil {
			t.Errorf("%s%s: %v", row.kind, row.keys, err)
			continue
		}
		if diff := cmp.Diff(row.want, *got.Checks[0].Idle); diff != "" || got.Checks[0].ID != row.id {
			t.Errorf("%s%s: %s %s", row.kind, row.keys, got.Checks[0].ID, diff)
		}
	}
}

func TestLoadExplainsIdle(t *testing.T) {
	for _, row := range []struct{ kind, keys, want string }{
		{"binding", ", transports: [udp]", "a binding is UDP"},
		{"binding", ", steps: [10]", `"10" is not a duration such as "90s"`},
		{"binding", ", steps: [10s, 5s]", "do not ascend"},
		{"binding", ", steps: [10s, 60s]", "none is as long as the limit of 2m0s"},
		{"binding", ", steps: [500ms]", "steps: 500ms is not between 1s and 18m"},
		{"binding", ", limit: 20m", "limit: 20m0s is not between"},
		{"binding", ", traffic: music", `"music" is none of exchange, stream`},
		{"binding", ", steps: [1s,2s,3s,4s,5s,6s,7s,8s,9s,10s,11s,12s,13s]", "13 are not between 1 and 12"},
		{"idle", ", transports: [udp]", "use kind binding"},
		{"idle", ", traffic: stream", "traffic: belongs to checks of kind binding"},
		{"options", ", limit: 1s", "belongs to checks of kind binding or idle"},
	} {
		_, err := scenarios.Load("x.yaml", strings.NewReader(anIdle(row.kind, row.keys)))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s%s: %v, want %q", row.kind, row.keys, err, row.want)
		}
	}
	inbound := strings.Replace(anIdle("binding", ""), "outbound", "inbound", 1)
	if _, err := scenarios.Load("x.yaml", strings.NewReader(inbound)); err == nil || !strings.Contains(err.Error(), "the site opens them") {
		t.Error(err)
	}
}

func TestLong(t *testing.T) {
	quick, err := scenarios.Named("quick")
	if err != nil {
		t.Fatal(err)
	}
	long, err := quick.With(scenarios.Overrides{Long: true})
	if err != nil {
		t.Fatal(err)
	}
	again, err := long.With(scenarios.Overrides{Long: true})
	if err != nil || len(long.Checks) <= len(quick.Checks) || len(again.Checks) != len(long.Checks) {
		t.Errorf("%d checks, then %d, then %d; %v", len(quick.Checks), len(long.Checks), len(again.Checks), err)
	}
}
