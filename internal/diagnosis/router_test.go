package diagnosis_test

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/diagnosis"
	"bothways/internal/diagnosis/diagnosistest"
	"bothways/internal/evidence"
)

// algCodes are the findings that a SIP ALG brings.
var algCodes = []string{"sip-alg-rewrites", "sip-alg-blocks", "alg-pins-media-to-signalling"}

func TestRoutersAreComplete(t *testing.T) {
	for _, r := range diagnosis.Routers() {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(r.Name) || r.Title == "" || r.Covers == "" {
			t.Errorf("incomplete: %q, %q, covers %q", r.Name, r.Title, r.Covers)
		}
		var codes []string
		for _, m := range r.Remedies {
			checkRouterRemedy(t, r.Name, m)
			codes = append(codes, m.Codes...)
		}
		for _, code := range codes {
			if _, ok := diagnosis.Lookup(code); !ok {
				t.Errorf("%s: no finding %q", r.Name, code)
			}
		}
		if distinct := slices.Compact(slices.Sorted(slices.Values(codes))); len(distinct) != len(codes) {
			t.Errorf("%s: a finding has two remedies: %v", r.Name, codes)
		}
	}
}

func checkRouterRemedy(t *testing.T, router string, m diagnosis.RouterRemedy) {
	t.Helper()
	if m.Title == "" || len(m.Codes) == 0 || len(m.Steps) == 0 || m.Check == "" || m.Source == "" {
		t.Errorf("%s: incomplete: %+v", router, m)
	}
	if m.NoSwitch && len(m.Commands) > 0 {
		t.Errorf("%s: %s: commands for a switch that is not there", router, m.Title)
	}
	for _, text := range append([]string{m.Title, m.Check, m.Source}, m.Steps...) {
		if text == "" || strings.ContainsAny(text, "{}|") && !strings.Contains(text, "`") {
			t.Errorf("%s: %s: empty, or a placeholder is left: %q", router, m.Title, text)
		}
		for _, command := range regexp.MustCompile("`[^`]*`").FindAllString(text, -1) {
			if len(command) > 60 {
				t.Errorf("%s: %s: %s is too long for a line; make it one of the commands", router, m.Title, command)
			}
		}
		if strings.Count(text, "`")%2 != 0 {
			t.Errorf("%s: %s: a backtick is left: %q", router, m.Title, text)
		}
	}
	for _, c := range m.Commands {
		if c == "" || c != strings.TrimSpace(c) || strings.ContainsAny(c, "\n\t`{}|") && !strings.Contains(c, " | ") {
			t.Errorf("%s: %s: not a line to type: %q", router, m.Title, c)
		}
	}
}

// TestEveryRouterSpeaksOfTheALG holds that each says how its SIP ALG is switched off, or
// that it has no switch for it.
func TestEveryRouterSpeaksOfTheALG(t *testing.T) {
	var names, none []string
	for _, r := range diagnosis.Routers() {
		names = append(names, r.Name)
		for _, m := range r.Remedies {
			if m.NoSwitch && slices.Contains(m.Codes, algCodes[0]) {
				none = append(none, r.Name)
			}
		}
	}
	for _, code := range algCodes {
		if diff := cmp.Diff(names, diagnosis.RoutersFor(code)); diff != "" {
			t.Errorf("%s (-routers +with a remedy):\n%s", code, diff)
		}
	}
	if diff := cmp.Diff([]string{"fritzbox", "isp-router", "opnsense", "pfsense", "speedport"}, none); diff != "" {
		t.Errorf("without a switch (-want +got):\n%s", diff)
	}
}

// TestRouterNamesAreUnique holds names and aliases apart, and each file to its name.
func TestRouterNamesAreUnique(t *testing.T) {
	owner := make(map[string]string)
	for _, r := range diagnosis.Routers() {
		for _, name := range append([]string{r.Name}, r.Aliases...) {
			if got, err := diagnosis.FindRouter(name); err != nil || got.Name != r.Name {
				t.Errorf("%q of %s finds %q, %v", name, r.Name, got.Name, err)
			}
			if other := owner[name]; other != "" {
				t.Errorf("%q is a name of %s and of %s", name, other, r.Name)
			}
			owner[name] = r.Name
		}
		if _, err := fs.Stat(os.DirFS("catalogue/routers"), r.Name+".yaml"); err != nil {
			t.Error(err)
		}
	}
}

func TestFindRouter(t *testing.T) {
	tests := []struct{ given, want, problem string }{
		{"fritzbox", "fritzbox", ""},
		{"FRITZ!Box", "fritzbox", ""},
		{"Cisco ASA", "cisco-asa", ""},
		{"avm", "fritzbox", ""},
		{"mikrotk", "", `no router "mikrotk"; did you mean mikrotik?`},
		{"fortinett", "", `no router "fortinett"; did you mean fortigate?`},
		{"toaster", "", `no router "toaster"`},
		{"", "", `no router ""`},
	}
	for _, tt := range tests {
		r, err := diagnosis.FindRouter(tt.given)
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if r.Name != tt.want || problem != tt.problem {
			t.Errorf("%q: %q, %q; want %q, %q", tt.given, r.Name, problem, tt.want, tt.problem)
		}
	}
}

// TestFindingsCarryTheRouter judges the same run with and without a router.
func TestFindingsCarryTheRouter(t *testing.T) {
	for _, tt := range []struct {
		router string
		vendor bool // the finding has steps of the router
		others bool // the finding names the routers that have some
	}{
		{"", false, true},
		{"fritzbox", true, false},
		{"draytek", false, false},         // has nothing on forwards
		{"a router of 2050", false, true}, // evidence of a later version
	} {
		ev := diagnosistest.Find("udp-not-forwarded")
		ev.Run.Router = tt.router
		d := diagnosis.Diagnose(ev)
		f := d.Findings[1]
		if f.Code != "port-not-forwarded" || (f.Vendor != nil) != tt.vendor || (len(f.Routers) > 0) != tt.others {
			t.Fatalf("%q: %s has %+v, %v", tt.router, f.Code, f.Vendor, f.Routers)
		}
		if symptom := d.Findings[0]; symptom.Vendor != nil || symptom.Routers != nil {
			t.Errorf("%q: %s has %+v, %v", tt.router, symptom.Code, symptom.Vendor, symptom.Routers)
		}
		if !tt.vendor {
			continue
		}
		if all := strings.Join(f.Vendor.Steps, " "); !strings.Contains(all, "udp 5060 -> 192.168.1.10:5060") || f.Vendor.Check == "" {
			t.Errorf("%q: the steps do not name this run's forward: %+v", tt.router, f.Vendor)
		}
	}
}

// TestCommandsNameTheForward holds that commands carry this run's protocol, ports and
// inside address where one command can say them, and general words where it cannot.
func TestCommandsNameTheForward(t *testing.T) {
	swept := diagnosistest.Swept(diagnosistest.Sweep{Ports: "10000-10100", Lost: "10020-10030,10050-10060"})
	for _, tt := range []struct {
		name, code string
		ev         *evidence.Evidence
		want       string
	}{
		{"signalling", "port-not-forwarded", diagnosistest.Find("udp-not-forwarded"), "protocol=udp dst-port=5060 action=dst-nat to-addresses=192.168.1.10"},
		{"media", "rtp-range-not-forwarded", diagnosistest.Find("rtp-not-forwarded"), "protocol=udp dst-port=10000-20000 action=dst-nat to-addresses=192.168.1.10"},
		{"two ranges", "rtp-range-partly-forwarded", swept, "protocol=PROTOCOL dst-port=PORTS action=dst-nat to-addresses=PBX"},
	} {
		tt.ev.Run.Router = "mikrotik"
		d := diagnosis.Diagnose(tt.ev)
		i := slices.IndexFunc(d.Findings, func(f diagnosis.Finding) bool { return f.Code == tt.code })
		if i < 0 || d.Findings[i].Vendor == nil {
			t.Fatalf("%s: no remedy for %s in %+v", tt.name, tt.code, d.Findings)
		}
		if got := strings.Join(d.Findings[i].Vendor.Commands, "\n"); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s: %s\nwant at the end: %s", tt.name, got, tt.want)
		}
	}
}

// TestRouterChangesRemediesOnly holds that a router is no evidence.
func TestRouterChangesRemediesOnly(t *testing.T) {
	t.Parallel()
	for _, r := range diagnosistest.Runs() {
		without := diagnosis.Diagnose(r.Evidence)
		r.Evidence.Run.Router = "fritzbox"
		with := diagnosis.Diagnose(r.Evidence)
		for _, d := range []diagnosis.Diagnosis{without, with} {
			for i := range d.Findings {
				d.Findings[i].Vendor, d.Findings[i].Routers = nil, nil
			}
		}
		if without.Verdict != with.Verdict || without.Summary != with.Summary || len(without.Findings) != len(with.Findings) {
			t.Errorf("%s: the router changes the verdict: %s, %s", r.Name, without.Summary, with.Summary)
		}
		for i, f := range without.Findings {
			if diff := cmp.Diff(f.Evidence, with.Findings[i].Evidence); diff != "" || f.Code != with.Findings[i].Code {
				t.Errorf("%s: the router changes %s: %s", r.Name, f.Code, diff)
			}
		}
	}
}
