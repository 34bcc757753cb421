package report

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// wrap breaks text at blanks into lines of at most width columns. A number stays
// with its unit, words with a hyphen stay whole, since they are codes and names, and so
// does what stands in backticks, since it is a command.
// A word that is wider than a line is cut.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range words(text) {
		if line != "" && lipgloss.Width(line)+1+lipgloss.Width(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for lipgloss.Width(word) > width {
			head := string([]rune(word)[:width])
			lines, word = append(lines, head), strings.TrimPrefix(word, head)
		}
		line = word
	}
	return append(lines, line)
}

// clauses wraps text so that lines end where its clauses do, as far as they fit.
func clauses(text string, width int) []string {
	var lines []string
	line := ""
	for clause := range strings.SplitAfterSeq(text, "; ") {
		if whole := line + clause; lipgloss.Width(strings.TrimRight(whole, " ")) <= width {
			line = whole
			continue
		}
		if line != "" {
			lines = append(lines, strings.TrimRight(line, " "))
		}
		parts := wrap(clause, width)
		lines, line = append(lines, parts[:len(parts)-1]...), parts[len(parts)-1]+" "
	}
	return append(lines, strings.TrimRight(line, " "))
}

// words are the parts of a text that stay together.
func words(text string) []string {
	var out []string
	for _, w := range strings.Fields(text) {
		n := len(out)
		if n > 0 && (isUnit(w) || strings.Count(out[n-1], "`")%2 == 1 || strings.HasSuffix(out[n-1], "/") && strings.Contains(out[n-1], " ")) {
			out[n-1] += " " + w
			continue
		}
		out = append(out, w)
	}
	return out
}

func isUnit(w string) bool {
	switch strings.TrimRight(w, ".,;:)") {
	case "%", "ms", "s", "/", "•":
		return true
	}
	return false
}
