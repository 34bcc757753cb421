package cli

import (
	"os"
	"path/filepath"
	"testing"

	"bothways/internal/console"
)

// TestKeyAsWritten reads a key as Notepad, PowerShell and cmd write it.
func TestKeyAsWritten(t *testing.T) {
	for name, text := range map[string]string{
		"plain": "a-key", "lines": "a-key\r\nmore\r\n", "blanks": "  a-key \t\r\n", "utf-8 mark": "\xef\xbb\xbfa-key\r\n",
		"utf-16": "\xff\xfea\x00-\x00k\x00e\x00y\x00\r\x00\n\x00", "utf-16 big": "\xfe\xff\x00a\x00-\x00k\x00e\x00y\x00\r\x00\n",
		"utf-16 cut": "\xff\xfea\x00-\x00k\x00e\x00y\x00\n",
	} {
		file := filepath.Join(t.TempDir(), "the key.txt")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := (keyFlags{KeyFile: file}).key(console.Streams{}); got != "a-key" || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestKeyWithBlanks(t *testing.T) {
	s := console.Streams{Getenv: func(string) string { return "a-key " }}
	for _, f := range []keyFlags{{}, {Key: " a-key\r\n"}} {
		if got, err := f.key(s); got != "a-key" || err != nil {
			t.Errorf("%+v: %q, %v", f, got, err)
		}
	}
}
