package diagnosis

// Nearest returns the code of the catalogue that is spelt most like the one given;
// empty when none comes near.
func Nearest(code string) string {
	best, distance := "", max(2, len(code)/3)+1
	for _, e := range loaded() {
		if d := edits(code, e.Code); d < distance {
			best, distance = e.Code, d
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
