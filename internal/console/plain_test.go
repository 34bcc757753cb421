package console

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

func TestPlain(t *testing.T) {
	var out bytes.Buffer
	text := "✓ pass • a → b ███▒─· × 5 Müller\n"
	n, err := fmt.Fprint(plain{&out}, text)
	if err != nil || n != len(text) {
		t.Errorf("%d, %v", n, err)
	}
	if want := "+ pass * a -> b ###%-. x 5 Müller\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// TestPlainKnowsEverySign looks at every report that is kept as text.
func TestPlainKnowsEverySign(t *testing.T) {
	files, err := filepath.Glob("../report/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		unknown := strings.IndexFunc(spelt(string(data)), func(r rune) bool { return r > unicode.MaxASCII && !unicode.IsLetter(r) })
		if unknown >= 0 {
			t.Errorf("%s: %.20q", file, spelt(string(data))[unknown:])
		}
	}
}
