package rtpprobe

// How many ports are opened at a time.
const (
	// maxWindow leaves other programs some of the ephemeral ports of any system, 16,384 or more of them.
	maxWindow = 13_000
	// filesReserve is what the rest of the program may come to need.
	filesReserve = 256
	// unlimitedFiles is the budget on a system that has no limit for sockets to ask for, Windows.
	unlimitedFiles = 16_000
)

// OpenFileBudget is how many more sockets this process can open now: its limit of open files, less those
// that are in use, less 256 for the rest of the program; at least 1. It is 16,000 on systems without such a limit.
func OpenFileBudget() int { return max(openFiles()-filesReserve, 1) }

// PlanWindows parts a set into sets of about equal size, each of at most limit ports and of at most
// 13,000, so that some ephemeral ports remain for others. A limit under 1 is taken for 1.
func PlanWindows(ports PortSet, limit int) []PortSet {
	limit = min(max(limit, 1), maxWindow)
	total := ports.Len()
	count := (total + limit - 1) / limit
	windows := make([]PortSet, 0, count)
	rest := ports
	for i := range count {
		head, tail := rest.cut(total*(i+1)/count - total*i/count)
		windows, rest = append(windows, head), tail
	}
	return windows
}

// cut parts a set after its n lowest ports.
func (s PortSet) cut(n int) (head, tail PortSet) {
	for i, r := range s.ranges {
		if n < r.Size() {
			head.ranges = append(head.ranges, s.ranges[:i]...)
			tail.ranges = append(tail.ranges, PortRange{From: r.From + uint16(n), To: r.To})
			tail.ranges = append(tail.ranges, s.ranges[i+1:]...)
			if n > 0 {
				head.ranges = append(head.ranges, PortRange{From: r.From, To: r.From + uint16(n) - 1})
			}
			return head, tail
		}
		n -= r.Size()
	}
	return s, PortSet{}
}
