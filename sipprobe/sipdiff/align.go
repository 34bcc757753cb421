package sipdiff

// A pair is two items that stand for each other, by index; -1 is none.
type pair struct{ a, b int }

// maxCells bounds the work of aligning two lists; longer ones are paired by position.
const maxCells = 1 << 14

// align pairs the items of two lists, keeping their order: equal ones first, then
// those that have most in common. Items left over have no partner.
func align(n, m int, equal func(i, j int) bool, common func(i, j int) int) []pair {
	var head, tail []pair
	from := 0
	for from < n && from < m && equal(from, from) {
		head = append(head, pair{from, from})
		from++
	}
	for n > from && m > from && equal(n-1, m-1) {
		n--
		m--
		tail = append(tail, pair{n, m})
	}
	var middle []pair
	if (n-from)*(m-from) > maxCells {
		middle = byPosition(from, n, m)
	} else {
		middle = bestPairs(from, n, m, equal, common)
	}
	out := append(head, middle...)
	for i := len(tail) - 1; i >= 0; i-- {
		out = append(out, tail[i])
	}
	return out
}

func byPosition(from, n, m int) []pair {
	var out []pair
	for i := from; i < max(n, m); i++ {
		p := pair{i, i}
		if i >= n {
			p.a = -1
		}
		if i >= m {
			p.b = -1
		}
		out = append(out, p)
	}
	return out
}

// same is what two equal items have in common: more than any two others have.
const same = 1000

// bestPairs finds the pairs with most in common, by dynamic programming from the end.
func bestPairs(from, n, m int, equal func(i, j int) bool, common func(i, j int) int) []pair {
	rows, columns := n-from, m-from
	best := make([]int, (rows+1)*(columns+1))
	score := make([]int, rows*columns)
	at := func(i, j int) int { return i*(columns+1) + j }
	for i := rows - 1; i >= 0; i-- {
		for j := columns - 1; j >= 0; j-- {
			s := same
			if !equal(from+i, from+j) {
				s = 1 + min(common(from+i, from+j), same-2)
			}
			score[i*columns+j] = s
			best[at(i, j)] = max(best[at(i+1, j)], best[at(i, j+1)], best[at(i+1, j+1)]+s)
		}
	}
	var out []pair
	i, j := 0, 0
	for i < rows || j < columns {
		switch {
		case i < rows && j < columns && best[at(i, j)] == best[at(i+1, j+1)]+score[i*columns+j]:
			out = append(out, pair{from + i, from + j})
			i, j = i+1, j+1
		case i < rows && (j == columns || best[at(i, j)] == best[at(i+1, j)]):
			out = append(out, pair{from + i, -1})
			i++
		default:
			out = append(out, pair{-1, from + j})
			j++
		}
	}
	return out
}

// alignItems pairs the values of two headers or two kinds of lines.
func alignItems(a, b []item) []pair {
	return align(len(a), len(b),
		func(i, j int) bool { return a[i].raw == b[j].raw },
		func(i, j int) int { return likeness(a[i], b[j]) })
}

// likeness counts what two items have in common; a branch or a tag, which name one
// thing, count more than the rest.
func likeness(a, b item) int {
	n := 0
	for _, f := range a.fields[:min(len(a.fields), maxCommon)] {
		for _, g := range b.fields[:min(len(b.fields), maxCommon)] {
			if f.Name != g.Name || f.key != g.key {
				continue
			}
			n++
			if f.Name == "branch" || f.Name == "tag" {
				n += 20
			}
		}
	}
	return n
}

// maxCommon is how many fields are looked at to see what two items have in common.
const maxCommon = 16
