package scenarios_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

const base = `name: base
title: The base
source: {title: Port table, url: "https://example.com/ports", date: 2026-11-20}
variables:
  web: {type: port, default: 443, title: the web interface}
  note: written down
checks:
  - {id: sip, kind: options, direction: inbound}
  - id: call
    kind: call
    direction: inbound
    transports: [udp]
    talk: 3s
    responder: {media_address: private, latch: never}
  - id: web
    kind: port
    direction: inbound
    transports: [tcp]
    port: ${web}
    purpose: "port ${web}, ${note}; not $${web}"
`

// from opens files of a map instead of this machine's.
func from(files map[string]string) scenarios.Loader {
	return scenarios.Loader{Open: func(path string) (io.ReadCloser, error) {
		text, ok := files[filepath.ToSlash(path)]
		if !ok {
			return nil, fs.ErrNotExist
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}}
}

func checkOf(t *testing.T, s scenarios.Scenario, id string) scenarios.Check {
	t.Helper()
	for _, c := range s.Checks {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("%s has no check %s", s.Name, id)
	return scenarios.Check{}
}

func TestAVariantIsItsDifference(t *testing.T) {
	files := map[string]string{"site/base.yaml": base, "site/ours/variant.yaml": `name: variant
extends: ../base.yaml
remove: [sip]
variables: {web: 8443}
checks:
  - id: call
    talk: ~
    codec: pcma
    responder: {latch: first-packet}
  - id: web
    kind: sweep
    direction: inbound
    purpose: "now ${web}, ${note}"
  - {id: late, kind: options, direction: inbound, transports: [tcp]}
`}
	s, err := from(files).Find("site/ours/variant.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range s.Checks {
		ids = append(ids, c.ID)
	}
	if diff := cmp.Diff([]string{"call-udp", "web", "late-tcp"}, ids); diff != "" {
		t.Error(diff)
	}
	call := checkOf(t, s, "call-udp").Call
	if call.Talk() != scenarios.DefaultTalk || call.Codec != "pcma" || call.Responder.Latch != scenarios.LatchFirstPacket || call.Responder.MediaAddress != scenarios.PrivateAddress {
		t.Errorf("%+v", call)
	}
	if web := checkOf(t, s, "web"); web.Port != nil || web.Sweep == nil || web.Purpose != "now 8443, written down" {
		t.Errorf("%+v", web)
	}
	if s.Name != "variant" || s.Title != "The base" || s.Source == nil || s.Source.Date != "2026-11-20" || s.Extends != "../base.yaml" {
		t.Errorf("%+v", s)
	}
}

func TestVariables(t *testing.T) {
	files := map[string]string{"base.yaml": base, "v.yaml": "name: v\nextends: ./base.yaml\nvariables: {web: 8443}\n",
		"none.yaml": "name: none\nextends: ./base.yaml\nremove: [web]\n"}
	tests := []struct {
		file string
		set  map[string]string
		port uint16
		want string // an error
	}{
		{"base.yaml", nil, 443, ""},
		{"v.yaml", nil, 8443, ""},
		{"v.yaml", map[string]string{"web": "9443"}, 9443, ""},
		{"v.yaml", map[string]string{"web": "70000"}, 0, `variable web: "70000" is not a port`},
		{"none.yaml", map[string]string{"web": "1"}, 0, "variable web: nothing in this scenario uses it"},
		{"base.yaml", map[string]string{"wbe": "1"}, 0, `no variable "wbe": the scenario has note, web; did you mean "web"?`},
	}
	for _, tt := range tests {
		l := from(files)
		l.Set = tt.set
		s, err := l.Find(tt.file)
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s %v: %v", tt.file, tt.set, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		web := checkOf(t, s, "web-tcp")
		if web.Port.Number != tt.port || !strings.HasSuffix(web.Purpose, ", written down; not ${web}") {
			t.Errorf("%s %v: %+v", tt.file, tt.set, web)
		}
		if v := s.Variables[0]; v.Name != "web" || v.Type != scenarios.PortVariable || v.Title != "the web interface" || v.Value == v.Default != (tt.set == nil) {
			t.Errorf("%+v", v)
		}
	}
}

func TestVariableTypes(t *testing.T) {
	tests := map[scenarios.VariableType][2][]string{
		"target":   {{"pbx.example.com", "192.0.2.1", "2001:db8::1"}, {"", "a b", "http://x"}},
		"name":     {{"pbx.example.com"}, {"-", "a b"}},
		"port":     {{"1", "65535"}, {"0", "65536", "01", "http", "1-2"}},
		"ports":    {{"1", "1-2,5"}, {"", "2-1", "1-", "0-4"}},
		"duration": {{"5s", "1m30s"}, {"5", "-5s", "soon"}},
		"percent":  {{"0", "99.5", "100"}, {"-1", "101", "1%", "NaN"}},
		"number":   {{"-1", "4.2"}, {"x", "Inf", "NaN"}},
		"text":     {{"", "any words"}, {"two\nlines", strings.Repeat("x", 201)}},
	}
	for _, typ := range scenarios.VariableTypes() {
		values, ok := tests[typ]
		if !ok {
			t.Errorf("%s is not tested", typ)
		}
		for i, good := range []bool{true, false} {
			for _, v := range values[i] {
				if err := typ.Check(v); (err == nil) != good {
					t.Errorf("%s %q: %v", typ, v, err)
				}
			}
		}
	}
}

// TestTextCanBeLoadedAgain: what a variant comes to is a scenario of its own.
func TestTextCanBeLoadedAgain(t *testing.T) {
	files := map[string]string{"base.yaml": base, "v.yaml": "name: v\nextends: ./base.yaml\nvariables: {web: 8443}\ndescription: |\n  Two\n  lines.\n"}
	want, err := from(files).Find("v.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text, err := from(files).Text("v.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "# extends ./base.yaml\n# web = 8443 (port; the web interface)\n# note = written down (text)\nname: v\n") {
		t.Errorf("%s", text)
	}
	again, err := scenarios.Load("v.yaml", strings.NewReader(string(text)))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	want.Extends, want.Variables = "", nil
	if diff := cmp.Diff(want, again); diff != "" {
		t.Error(diff)
	}
}

func TestShippedVariantsCanBeLoadedAgain(t *testing.T) {
	for _, name := range scenarios.Names() {
		want, err := scenarios.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := scenarios.Loader{}.Text(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := scenarios.Load(name+".yaml", strings.NewReader(string(text)))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		want.Extends, want.Variables = "", nil
		got.Extends, got.Variables = "", nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTerms(t *testing.T) {
	s, err := scenarios.Load("x.yaml", strings.NewReader(`name: x
checks:
  - {id: a, kind: port, from: responder, transports: [tcp], port: 25, expect: closed, severity: degraded, purpose: No mail leaves the PBX.}
  - {id: b, kind: port, from: client, direction: inbound, transports: [tcp], port: 23, expect: open, severity: fail}
`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := s.Checks[0], s.Checks[1]
	if a.Direction != scenarios.Outbound || a.From() != scenarios.ResponderEnd || a.Port.Expect != scenarios.ExpectClosed || !a.Mild() || a.Purpose == "" {
		t.Errorf("%+v", a)
	}
	if b.Direction != scenarios.Inbound || b.From() != scenarios.ClientEnd || b.Port.Expect != "" || b.Severity != "" || b.Mild() {
		t.Errorf("%+v", b)
	}
	if bare := a.Bare(); bare.Purpose != "" || a.Purpose == "" || bare.Port == nil {
		t.Errorf("%+v", bare)
	}
}

// TestErrorsHaveAPlace: what is wrong in the extended file is told of that file.
func TestErrorsHaveAPlace(t *testing.T) {
	files := map[string]string{"a.yaml": "name: a\nextends: ./b.yaml\n", "b.yaml": "name: b\nchecks:\n  - {id: x, kind: option, direction: inbound}\n"}
	_, err := from(files).Find("a.yaml")
	e, ok := errors.AsType[scenarios.Error](err)
	if !ok || e.File != "b.yaml" || e.Line != 3 || e.Column != 19 || !strings.Contains(e.Message, `did you mean "options"?`) {
		t.Errorf("%+v", err)
	}
}

func TestNoFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.yaml")
	if err := os.WriteFile(path, []byte("name: x\nextends: ./\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := scenarios.Find(path); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Error(err)
	}
}
