package rtpprobe

import "sort"

// A pastStep is what became of the controls of a step. It began at a time, at a pace.
type pastStep struct {
	from            uint32
	code            uint8
	controls, heard int
}

// keep remembers a step that was judged.
func (p *pace) keep(step *paceStep) {
	if step.controls > 0 {
		p.past = append(p.past, pastStep{step.from, step.code, step.controls, min(step.heard, step.controls)})
	}
}

// recall takes in the answer to a control of a step that was judged.
func (p *pace) recall(at uint32) {
	i := sort.Search(len(p.past), func(i int) bool { return p.past[i].from > at }) - 1
	if i >= 0 {
		p.past[i].heard = min(p.past[i].heard+1, p.past[i].controls)
	}
}

// afterLoss is what became of controls after a pace had first lost any.
func (p *pace) afterLoss(code uint8) *AfterLoss {
	after, began := &AfterLoss{}, false
	for i := range p.past {
		step := &p.past[i]
		sent, lost := int64(step.controls), int64(step.controls-step.heard)
		switch {
		case !began:
			began = step.code == code && lost > 0
		case rateOf(step.code) <= slowerPace*rateOf(code):
			after.SlowerSent, after.SlowerLost = after.SlowerSent+sent, after.SlowerLost+lost
		case step.code >= code && after.SlowerSent >= minLot:
			after.AgainSent, after.AgainLost = after.AgainSent+sent, after.AgainLost+lost
		}
	}
	return after
}
