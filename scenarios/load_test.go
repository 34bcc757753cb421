package scenarios_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bothways/scenarios"
)

const minimal = `name: x
title: A title
checks:
  - id: call
    kind: call
    direction: outbound
    transports: [tcp]
    talk: 1500ms
    codec: pcma
    optional: true
    max_loss_percent: 0.5
    responder: {media_address: private, latch: never, rport: false, audio: silence}
    client: {latch: first-packet, audio: loop}
`

func TestLoadFillsInDefaults(t *testing.T) {
	got, err := scenarios.Load("x.yaml", strings.NewReader(minimal))
	if err != nil {
		t.Fatal(err)
	}
	want := scenarios.Scenario{Name: "x", Title: "A title", Checks: []scenarios.Check{{
		ID: "call-tcp", Kind: scenarios.CallKind, Direction: scenarios.Outbound, Transport: "tcp", Optional: true,
		Call: &scenarios.Call{
			TalkMs: 1500, Codec: "pcma", MaxLossPercent: 0.5, MinMOS: scenarios.DefaultMinMOS,
			Responder: scenarios.Behaviour{MediaAddress: scenarios.PrivateAddress, Latch: scenarios.LatchNever, Audio: scenarios.SilentAudio},
			Client:    scenarios.Behaviour{MediaAddress: scenarios.PublicAddress, Latch: scenarios.LatchFirstPacket, Rport: true, Audio: scenarios.LoopedAudio},
		},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadExpandsTransports(t *testing.T) {
	got, err := scenarios.Load("x.yaml", strings.NewReader("name: x\nchecks:\n  - {id: o, kind: options, direction: inbound}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, c := range got.Checks {
		ids = append(ids, c.ID)
		if c.Call != nil {
			t.Errorf("%s: an OPTIONS check has a call", c.ID)
		}
	}
	if diff := cmp.Diff([]string{"o-udp", "o-tcp", "o-tls"}, ids); diff != "" {
		t.Error(diff)
	}
}

// TestLoadExplains changes one line of a good file and looks for what a person needs to read.
func TestLoadExplains(t *testing.T) {
	for _, test := range []struct {
		name, from, to string
		want           []string
	}{
		{"unknown key", "    kind: call", "    knid: call", []string{"knid", "5:"}},
		{"wrong type", "    optional: true", "    optional: perhaps", []string{"true or false", "10:"}},
		{"bad name", "name: x", "name: My Trunk", []string{`name: "My Trunk"`, "hyphens"}},
		{"no checks", minimal[strings.Index(minimal, "checks"):], "checks: []", []string{"there are none"}},
		{"bad id", "id: call", "id: Call!", []string{`"Call!"`, "hyphens"}},
		{"bad kind", "kind: call", "kind: ring", []string{`kind: "ring"`, "options, call"}},
		{"no kind", "    kind: call\n", "", []string{`kind: is missing`, "options, call"}},
		{"bad direction", "direction: outbound", "direction: up", []string{`direction: "up"`, "inbound, outbound"}},
		{"bad transport", "[tcp]", "[sctp]", []string{`transports: "sctp"`, "udp, tcp, tls"}},
		{"transport twice", "[tcp]", "[tcp, tcp]", []string{`"call-tcp"`, "twice"}},
		{"bad talk", "1500ms", "5", []string{`talk: "5"`, `"5s"`}},
		{"talk too short", "1500ms", "10ms", []string{"talk: 10ms", "1s"}},
		{"talk too long", "1500ms", "11m", []string{"talk: 11m0s", "10m"}},
		{"bad codec", "pcma", "g729", []string{`codec: "g729"`, "pcmu, pcma"}},
		{"bad loss", "0.5", "101", []string{"max_loss_percent", "between 0 and 100"}},
		{"bad address", "media_address: private", "media_address: secret", []string{"responder.media_address", "public, private"}},
		{"bad latch", "latch: first-packet", "latch: sometimes", []string{"client.latch", "never, first-packet, always, strict"}},
		{"bad audio", "audio: loop", "audio: music", []string{"client.audio", "tone, silence, loop"}},
		{"call keys on options", "kind: call\n    direction: outbound", "kind: options\n    direction: inbound", []string{"belongs to checks of kind call"}},
		{"sweep keys on a call", "    talk: 1500ms", "    ports: 10000-20000", []string{"belongs to checks of kind sweep"}},
		{"call keys on a sweep", "    kind: call", "    kind: sweep", []string{"belongs to checks of kind call"}},
		{"broken YAML", "checks:", "checks: [", []string{"x.yaml:3:9", "not closed by ]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if !strings.Contains(minimal, test.from) {
				t.Fatalf("the file has no %q to change", test.from)
			}
			_, err := scenarios.Load("x.yaml", strings.NewReader(strings.Replace(minimal, test.from, test.to, 1)))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(test.want, "x.yaml") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

// TestLoadAsWindowsWritesIt reads a file with the line ends and the mark of Notepad, and
// says what one of PowerShell's is.
func TestLoadAsWindowsWritesIt(t *testing.T) {
	lines := strings.ReplaceAll(minimal, "\n", "\r\n")
	want, err := scenarios.Load("x.yaml", strings.NewReader(minimal))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{lines, "\xef\xbb\xbf" + lines} {
		got, err := scenarios.Load("x.yaml", strings.NewReader(text))
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
	_, err = scenarios.Load("x.yaml", strings.NewReader("\xff\xfen\x00a\x00m\x00e\x00"))
	if err == nil || !strings.Contains(err.Error(), "UTF-16") {
		t.Error(err)
	}
}

func TestLoadBoundsTheFile(t *testing.T) {
	if _, err := scenarios.Load("x.yaml", strings.NewReader(strings.Repeat("#", 1<<20+1))); err == nil {
		t.Error("a file of more than 1 MiB was read")
	}
}

func TestShippedScenarios(t *testing.T) {
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		text, err := scenarios.Source(s.Name)
		if err != nil {
			t.Fatal(err)
		}
		again, err := scenarios.Load(s.Name, strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Error(diff)
		}
		if s.Title == "" || s.Description == "" {
			t.Errorf("%s has no title or description", s.Name)
		}
	}
	if _, err := scenarios.Named(scenarios.DefaultName); err != nil {
		t.Error(err)
	}
}

func TestFindTakesNamesAndFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{"quick", path} {
		if _, err := scenarios.Find(from); err != nil {
			t.Errorf("%s: %v", from, err)
		}
	}
	for _, from := range []string{"quack", path + ".not"} {
		if _, err := scenarios.Find(from); err == nil {
			t.Errorf("%s was found", from)
		}
	}
}

func TestWithChangesACopy(t *testing.T) {
	s, err := scenarios.Load("x.yaml", strings.NewReader("name: x\nchecks:\n  - {id: c, kind: call, direction: inbound}\n  - {id: s, kind: sweep, direction: inbound}\n"))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := s.With(scenarios.Overrides{Talk: 7 * time.Second, Pause: 9 * time.Second, RatePPS: 100, ProbeBytes: 200})
	if err != nil {
		t.Fatal(err)
	}
	last := len(s.Checks) - 1
	if got := changed.Checks[0].Call.Talk(); got != 7*time.Second || changed.Checks[0].Call.Pause() != 9*time.Second || s.Checks[0].Call.Talk() != scenarios.DefaultTalk {
		t.Errorf("talk %v", got)
	}
	if got := *changed.Checks[last].Sweep; got.RatePPS != 100 || got.ProbeBytes != 200 || s.Checks[last].Sweep.RatePPS != 0 {
		t.Errorf("sweep %+v", got)
	}
	same, err := s.With(scenarios.Overrides{})
	if diff := cmp.Diff(s, same); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for want, o := range map[string]scenarios.Overrides{
		"talk": {Talk: time.Hour}, "pause": {Pause: time.Millisecond}, "rate": {RatePPS: 1}, "probe_bytes": {ProbeBytes: 1},
	} {
		if _, err := s.With(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(minimal)
	for _, name := range []string{"trunk", "quick", "private-address", "ports"} {
		text, err := scenarios.Source(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("name: x\nchecks: [{id: a, kind: call, direction: inbound, talk: 1s, talk: 2s}]")
	f.Add("&a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		tryLoad(t, scenarios.Loader{Open: nobody}, text)
	})
}

// FuzzExtend reads a scenario that extends another, with a variable that was set.
func FuzzExtend(f *testing.F) {
	f.Add("name: v\nextends: ./base.yaml\nremove: [sip]\nvariables: {web: 8443}\nchecks: [{id: call, talk: ~, codec: pcma}]\n", base, "web", "9443")
	f.Add("name: v\nextends: ./base.yaml\n", "name: w\nextends: ./base.yaml\n", "", "")
	paths, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), base, "pace", "200")
	}
	f.Fuzz(func(t *testing.T, text, base, name, value string) {
		l := scenarios.Loader{Open: func(path string) (io.ReadCloser, error) {
			if filepath.Base(path) == "x.yaml" {
				return io.NopCloser(strings.NewReader(text)), nil
			}
			return io.NopCloser(strings.NewReader(base)), nil
		}}
		if name != "" {
			l.Set = map[string]string{name: value}
		}
		tryLoad(t, l, text)
	})
}

func nobody(string) (io.ReadCloser, error) { return nil, fs.ErrNotExist }

// tryLoad reads what may be anything: it is a scenario, or there are errors with a place.
func tryLoad(t *testing.T, l scenarios.Loader, text string) {
	defer time.AfterFunc(5*time.Second, func() { panic("the loader does not end") }).Stop()
	s, err := l.Load("./x.yaml", strings.NewReader(text))
	if err != nil {
		all, ok := errors.AsType[scenarios.Errors](err)
		for _, e := range all {
			ok = ok && e.Message != "" && (e.Line > 0) == (e.Column > 0)
		}
		if !ok {
			t.Errorf("%T %v", err, err)
		}
		return
	}
	if len(s.Checks) == 0 {
		t.Error("a scenario without checks was accepted")
	}
	if s.Extends == "" && len(s.Variables) == 0 || cannotOpen(l, text) {
		return
	}
	whole, err := l.Text("./x.yaml")
	if err != nil {
		t.Fatal(err)
	}
	again, err := scenarios.Load("x.yaml", bytes.NewReader(whole))
	if err != nil {
		t.Fatalf("%v\n%s", err, whole)
	}
	s.Extends, s.Variables = "", nil
	if diff := cmp.Diff(s, again); diff != "" {
		t.Errorf("%s\n%s", diff, whole)
	}
}

// cannotOpen reports whether opening the file does not give the text.
func cannotOpen(l scenarios.Loader, text string) bool {
	f, err := l.Open("./x.yaml")
	if err != nil {
		return true
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	return err != nil || string(data) != text
}
