package console

import (
	"io"
	"strings"
)

// A plain writer spells signs that are not in every code page in ASCII, for readers that
// do not take their input for UTF-8. What it does not know, such as an umlaut in a name, stays.
type plain struct{ w io.Writer }

// Write writes text that begins and ends with whole characters.
func (p plain) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.w, spelt(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// spelt is text with its signs in ASCII, of the same width wherever tables and maps are drawn.
func spelt(text string) string {
	return strings.NewReplacer("✓", "+", "✗", "x", "–", "-", "•", "*", "─", "-", "█", "#", "▒", "%", "·", ".",
		"→", "->", "↳", ">", "↑", "^", "▶", ">", "×", "x", "±", "+-", "µ", "u", "…", "...").Replace(text)
}
