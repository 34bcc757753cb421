package report_test

import (
	"strings"
	"testing"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/report"
	"bothways/scenarios"
)

// portRow is the row of a sweep's map, at a width.
func portRow(t *testing.T, width int, s diagnosistest.Sweep) string {
	t.Helper()
	ev := diagnosistest.Swept(s)
	var b strings.Builder
	if err := report.WriteText(&b, report.Build(ev, diagnosis.Diagnose(ev)), report.TextOptions{Width: width}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if strings.Contains(line, "  × ") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("no map in\n%s", b.String())
	return ""
}

func TestPortMap(t *testing.T) {
	t.Parallel()
	signs := func(words ...any) string {
		var out strings.Builder
		for i := 0; i < len(words); i += 2 {
			out.WriteString(strings.Repeat(words[i].(string), words[i+1].(int)))
		}
		return out.String()
	}
	for name, row := range map[string]struct {
		width int
		sweep diagnosistest.Sweep
		want  string
	}{
		"all open": {80, diagnosistest.Sweep{Ports: "10000-20000"}, "sweep-in  10000 " + signs("█", 40) + " 20000  × 256"},
		"one hole": {80, diagnosistest.Sweep{Ports: "10000-20000", Lost: "12560"}, "sweep-in  10000 " + signs("█", 10, "▒", 1, "█", 29) + " 20000  × 256"},
		"a hundred each, and a gap to the end": {150, diagnosistest.Sweep{Ports: "10000-20000", Lost: "14322-20000"},
			"sweep-in  10000 " + signs("█", 43, "▒", 1, "─", 57) + " 20000  × 100"},
		"in use":    {80, diagnosistest.Sweep{Ports: "10000-10039", InUse: "10003"}, "sweep-in  10000 " + signs("█", 3, "?", 1, "█", 36) + " 10039  × 1"},
		"two areas": {80, diagnosistest.Sweep{Ports: "10000-10009,10020-10029"}, "sweep-in  10000 " + signs("█", 10, " ", 10, "█", 10) + " 10029  × 1"},
		"outward": {80, diagnosistest.Sweep{Direction: scenarios.Outbound, Ports: "1025-65535", Lost: "1025-20000", NotTried: "60000-65535"},
			"sweep-out   1025 " + signs("─", 11, "▒", 1, "█", 25, "·", 4) + " 65535  × 1,600"},
	} {
		if got := portRow(t, row.width, row.sweep); got != row.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, row.want)
		}
	}
}
