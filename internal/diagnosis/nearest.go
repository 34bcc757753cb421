package diagnosis

import "iter"

// Nearest returns the code of the catalogue that is spelt most like the one given;
// empty when none comes near.
func Nearest(code string) string {
	return nearest(code, func(yield func(word, stands string) bool) {
		for _, e := range loaded() {
			if !yield(e.Code, e.Code) {
				return
			}
		}
	})
}

// nearest returns what the word stands for that is spelt most like the one given; a word
// that has no letter in common with it is not near, however short it is.
func nearest(given string, words iter.Seq2[string, string]) string {
	best, distance := "", max(2, len(given)/3)+1
	for word, stands := range words {
		if d := edits(given, word); d < distance && d < len(word) {
			best, distance = stands, d
		}
	}
	return best
}

// edits counts the insertions, deletions and changes that make a into b (Levenshtein).
func edits(a, b string) int {
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
