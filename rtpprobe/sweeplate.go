package rtpprobe

// A slowing is why the pace was lowered: controls that were taken for lost. An answer that comes after all shows that it was
// late. When a machine stalls, at either end, all answers are: then nothing was lost, and the pace is put back (as RFC 3522
// and RFC 4015 do for TCP).
type slowing struct {
	from, to       uint32 // when the controls were sent
	lost, controls int
	rate           float64 // what was before, like the following
	tolerated      float64
	threshold      float64
	trial          paceTrial
}

// maxSlowings bounds those that are remembered: from the fastest pace to the slowest.
const maxSlowings = 16

// founded reports whether what is still lost is too much.
func (s *slowing) founded() bool {
	low, _ := lossBounds(max(s.lost, 0), s.controls, 2)
	return low > s.tolerated
}

// remember notes the state of the pace before it is lowered for what the lot lost.
func (p *pace) remember() {
	if len(p.slowings) == maxSlowings {
		p.slowings = p.slowings[1:]
	}
	p.slowings = append(p.slowings, slowing{
		from: p.since, to: p.judged, lost: p.lost, controls: p.controls,
		rate: p.rate, tolerated: p.tolerated, threshold: p.threshold, trial: p.trial,
	})
}

// late takes in the answer to a control that was taken for lost.
func (p *pace) late(at, now uint32) {
	if at >= p.since {
		p.lost = max(p.lost-1, 0)
	}
	for i := range p.slowings {
		s := &p.slowings[i]
		if at < s.from || at >= s.to {
			continue
		}
		if s.lost--; !s.founded() {
			p.takeBack(i, now)
		}
		return
	}
}

// excuse takes a control out of account that was lost in an interruption.
func (p *pace) excuse(at, now uint32) {
	for i := len(p.steps) - 1; i >= 0; i-- {
		if step := &p.steps[i]; at >= step.from {
			step.controls = max(step.controls-1, step.heard)
			return
		}
	}
	if at >= p.since {
		p.controls = max(p.controls-1, 0)
	}
	p.late(at, now)
}

// takeBack undoes a slowing, and those after it, which began at its pace. Where packets waited on the way, the pace is
// still relieved.
func (p *pace) takeBack(number int, now uint32) {
	s := p.slowings[number]
	p.slowings = p.slowings[:number]
	p.trial, p.tolerated, p.threshold = s.trial, s.tolerated, s.threshold
	rate := s.rate
	if p.rtt.queueing() {
		rate, p.threshold = s.rate*p.rtt.relief(), min(s.rate, s.threshold)
	}
	p.set(max(p.rate, rate), now)
}
