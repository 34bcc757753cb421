package scenarios

import (
	"os"
	"strings"
	"testing"
)

// TestDocs reads every example of the language's page, and looks for every key and kind.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(page), "\r\n", "\n")
	s := compileSchema(t)
	examples := strings.Split(text, "```yaml\n")[1:]
	if len(examples) < 4 {
		t.Fatal(len(examples), "examples")
	}
	for i, e := range examples {
		e, _, _ = strings.Cut(e, "```")
		if _, err := Load("docs.yaml", strings.NewReader(e)); err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
		if err := fits(s, []byte(e)); err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
	}
	for _, kind := range Kinds() {
		if !strings.Contains(text, "kind: "+string(kind)) {
			t.Errorf("kind %s is not on the page", kind)
		}
	}
	for name, k := range keys() {
		if _, key, _ := strings.Cut(name, "."); !strings.Contains(text, key+":") && !strings.Contains(text, "`"+key+"`") {
			t.Errorf("%s is not on the page", name)
		}
		for _, w := range k.words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %s is not on the page", name, w)
			}
		}
	}
}
