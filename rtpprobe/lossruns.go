package rtpprobe

// lossRuns counts runs of lost packets, given one packet after the other in the order of their numbers. The
// zero value has seen none.
type lossRuns struct {
	runs    int64
	longest int64 // in packets
	open    int64 // packets of the run that may go on, 0 when the last packet arrived
}

func (l *lossRuns) add(lost bool) {
	if !lost {
		l.open = 0
		return
	}
	if l.open == 0 {
		l.runs++
	}
	l.open++
	l.longest = max(l.longest, l.open)
}
