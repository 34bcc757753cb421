package report_test

import (
	"bytes"
	"strings"
	"testing"

	"charm.land/lipgloss/v2"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
	"bothways/internal/report"
)

// behind is a run at a site whose router was named.
func behind(run, router string) *evidence.Evidence {
	ev := diagnosistest.Find(run)
	ev.Run.Router = router
	return ev
}

func TestReportWithARouter(t *testing.T) {
	schema := compile(t)
	for _, tt := range []struct{ run, router string }{
		{"udp-not-forwarded", "cisco-ios"}, // commands
		{"rtp-not-forwarded", "fritzbox"},  // menus
	} {
		r := build(behind(tt.run, tt.router))
		name := tt.run + "." + tt.router
		var text, object bytes.Buffer
		if err := report.WriteText(&text, r, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", text.Bytes())
		if err := report.WriteJSON(&object, r); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", object.Bytes())
		if err := schema.Validate(parse(t, object.Bytes())); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRouters(t *testing.T) {
	var b bytes.Buffer
	if err := report.WriteRouters(&b, diagnosis.Routers(), report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "routers.txt", b.Bytes())
}

func TestRouter(t *testing.T) {
	for _, name := range []string{"lancom", "mikrotik"} {
		r, err := diagnosis.FindRouter(name)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := report.WriteRouter(&b, r, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		golden(t, "router-"+name+".txt", b.Bytes())
	}
}

// TestCommandsAreWhole holds that each command of each router is on a line of its own,
// that a command in a sentence is not broken, and that all else fits.
func TestCommandsAreWhole(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosis.Routers() {
		for _, width := range []int{60, 80} {
			var b bytes.Buffer
			if err := report.WriteRouter(&b, r, report.TextOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			commands := make(map[string]bool)
			for _, m := range r.Remedies {
				for _, c := range m.Commands {
					commands[c] = true
				}
			}
			for line := range strings.Lines(b.String()) {
				line = strings.TrimSpace(line)
				if commands[line] {
					delete(commands, line)
					continue
				}
				if strings.Count(line, "`")%2 != 0 {
					t.Errorf("%s at %d columns: a command is broken: %s", r.Name, width, line)
				}
			}
			for _, m := range r.Remedies {
				for _, c := range m.Commands {
					if commands[c] {
						t.Errorf("%s at %d columns: not on a line of its own: %s", r.Name, width, c)
					}
				}
			}
		}
	}
}

// TestRouterHintIsOneLine holds that the hint names as many routers as fit.
func TestRouterHintIsOneLine(t *testing.T) {
	for _, width := range []int{60, 80, 240} {
		var b bytes.Buffer
		if err := report.WriteText(&b, build(diagnosistest.Find("udp-not-forwarded")), report.TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		var hints []string
		for line := range strings.Lines(b.String()) {
			if strings.Contains(line, "--router NAME") {
				hints = append(hints, strings.TrimSpace(line))
			}
		}
		if len(hints) != 1 || !strings.HasSuffix(hints[0], ".") || lipgloss.Width(hints[0]) > width {
			t.Errorf("at %d columns: %q", width, hints)
		}
		if more := strings.Contains(strings.Join(hints, ""), "more"); more == (width == 240) {
			t.Errorf("at %d columns: %q", width, hints)
		}
	}
}
