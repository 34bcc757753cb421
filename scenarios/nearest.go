package scenarios

// maxEdited bounds the words that are compared letter by letter.
const maxEdited = 64

// Nearest returns the word that is spelt most like the one given, for "did you mean …?";
// empty when none comes near. A word that has no letter in common with the one given is
// not near, however short it is.
func Nearest(given string, words []string) string {
	best, distance := "", max(2, len(given)/3)+1
	for _, w := range words {
		if d := edits(given, w); d < distance && d < len(w) {
			best, distance = w, d
		}
	}
	return best
}

// edits counts the insertions, deletions and changes that make a into b (Levenshtein).
func edits(a, b string) int {
	if len(a) > maxEdited {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
