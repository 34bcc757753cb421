package diagnosis

import (
	"fmt"
	"strconv"
	"strings"

	"bothways/rtpprobe"
)

const (
	// maxRanges is how many ranges a sentence may name, maxRangesInRow those of a summary.
	maxRanges, maxRangesInRow = 12, 6
	// minAlternating ports of one parity in a row read better as a range of that parity.
	minAlternating = 3
)

// portWords names the ports of a set: "10000-14321, 14323", "odd ports 10001-19999".
// Of a long list it names the first, and how many more there are.
func portWords(set rtpprobe.PortSet, limit int) string {
	parts := pieces(set.Ranges())
	if len(parts) <= limit {
		return strings.Join(parts, ", ")
	}
	return fmt.Sprintf("%s and %s more ranges", strings.Join(parts[:limit], ", "), grouped(len(parts)-limit))
}

func pieces(ranges []rtpprobe.PortRange) []string {
	var out []string
	for len(ranges) > 0 {
		n := alternating(ranges)
		if n < minAlternating {
			out, ranges = append(out, ranges[0].String()), ranges[1:]
			continue
		}
		out = append(out, fmt.Sprintf("%s ports %d-%d", parity(ranges[0].From), ranges[0].From, ranges[n-1].To))
		ranges = ranges[n:]
	}
	return out
}

// alternating counts the single ports at the start that are two apart.
func alternating(ranges []rtpprobe.PortRange) int {
	n := 0
	for n < len(ranges) && ranges[n].Size() == 1 && (n == 0 || ranges[n].From == ranges[n-1].From+2) {
		n++
	}
	return n
}

func parity(port uint16) string {
	if port&1 == 1 {
		return "odd"
	}
	return "even"
}

// sized is a set with its number: "14322-20000 (5,679 ports)"; a few ports need none.
func sized(set rtpprobe.PortSet) string {
	words := portWords(set, maxRanges)
	if n := set.Len(); n > 1 {
		return fmt.Sprintf("%s (%s)", words, amount(n, "port"))
	}
	return words
}

// grouped is a number with commas between its thousands.
func grouped[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return sign + digits
}

// amount is count for numbers that may be large.
func amount[N int | int64](n N, noun string) string {
	if n < 1000 {
		return count(n, noun)
	}
	return grouped(n) + " " + noun + "s"
}
