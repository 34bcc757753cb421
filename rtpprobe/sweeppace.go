package rtpprobe

import (
	"math"
	"time"
)

// A pace says how many probes may be sent now. It learns from controls alone, the probes to ports that
// are known to answer: what the other ports do not answer says nothing of the path.
//
// It grows by half, beyond a pace that was too fast by a twentieth, for each lot of controls that came back
// while the round trip stays short. On loss it falls to nine tenths of what came through: a policer passes
// the same at any pace, so that this is right at once, where halving would take many steps. Then it looks whether
// the loss fell with it. If not, the loss is not its doing: the path loses as much at any pace, and slowing down
// would but prolong the sweep. It then tolerates such loss, and goes back.
type pace struct {
	rate, floor, ceiling float64
	tokens               float64
	filled               time.Duration // when tokens were last added
	room                 int           // that the receive buffers have for answers
	inFlight             int           // sent, neither answered nor given up
	blocked              bool          // since room was used up

	steps    []paceStep // not yet judged, oldest first
	past     []pastStep // judged, oldest first
	actual   float64    // pace of the last full step
	controls int        // judged since the last decision
	lost     int
	since    uint32 // controls sent before were sent at another pace
	judged   uint32 // what was sent before is judged
	slowings []slowing

	tolerated float64 // loss that is no reason to slow down
	threshold float64 // beyond it growth is slow
	trial     paceTrial
	rtt       roundTrips
}

// A paceStep is what was sent in some 50 ms, and what became of it. Times are in µs since the sweep started.
type paceStep struct {
	from, to        uint32
	code            uint8 // of the pace
	closed          bool
	sent, answered  int
	controls, heard int
}

// A paceTrial is a pace that lost too much, while a slower one is being tried.
type paceTrial struct {
	rate           float64
	lost, controls int
	interrupted    bool // since nothing at all came through, which tells no pace that does
}

// The constants of a pace.
const (
	paceStepTime  = 50 * time.Millisecond
	paceBurst     = 20 * time.Millisecond // of tokens are kept
	paceTick      = time.Millisecond      // worth of tokens is waited for
	paceGrowth    = 1.5
	paceCreep     = 1.05
	paceBackOff   = 0.9
	quarterPace   = .25 // after an interruption
	minLot        = 8   // controls that allow growth when all came back
	lossLot       = 32  // that prove a loss; half of it when most are lost
	trialLot      = 96  // that judge a trial; three times as many when they leave it open
	firstLoss     = .01 // is tolerated from the start
	maxLoss       = .4  // more is never tolerated
	maxTake       = 256 // probes at a time
	slowestFactor = 8   // the floor is that part of the pace at the start
)

func newPace(cfg *SweepConfig, room int) pace {
	rate := float64(cfg.Rate)
	return pace{
		rate: rate, ceiling: float64(cfg.MaxRate), floor: max(min(rate, DefaultSweepRate)/slowestFactor, 1),
		room: room, tolerated: firstLoss, threshold: math.Inf(1), tokens: 1,
	}
}

// take is how many probes may be sent now, or how long to wait before asking again.
func (p *pace) take(now time.Duration) (n int, wait time.Duration) {
	p.judge(now)
	p.tokens = min(p.tokens+p.rate*(now-p.filled).Seconds(), max(p.rate*paceBurst.Seconds(), 1))
	p.filled = now
	free := p.room - p.inFlight
	p.blocked = free <= 0
	if p.blocked {
		return 0, paceStepTime / 4
	}
	if p.tokens < 1 {
		want := max(1, p.rate*paceTick.Seconds()) - p.tokens
		return 0, time.Duration(want/p.rate*float64(time.Second)) + time.Microsecond
	}
	return min(int(p.tokens), free, maxTake), 0
}

// step is the one that is being sent, a new one when the last has ended.
func (p *pace) step(at uint32) *paceStep {
	last := len(p.steps) - 1
	if last < 0 || p.steps[last].closed || sinceStart(at-p.steps[last].from) >= max(paceStepTime, p.rtt.smooth) {
		p.closeStep(at)
		p.steps = append(p.steps, paceStep{from: at, code: p.measured()})
		last = len(p.steps) - 1
	}
	return &p.steps[last]
}

// sent notes n probes of a step, of which some were controls.
func (p *pace) sent(step *paceStep, n, controls int) {
	step.sent += n
	step.controls += controls
	p.tokens -= float64(n)
	p.inFlight += n
}

// closeStep ends the newest step.
func (p *pace) closeStep(at uint32) {
	if last := len(p.steps) - 1; last >= 0 && !p.steps[last].closed {
		step := &p.steps[last]
		step.closed, step.to = true, at
		// A step that ended late, in a pause, says nothing of how fast this machine can send.
		if took := sinceStart(at - step.from); took > 0 && took < 2*max(paceStepTime, p.rtt.smooth) {
			p.actual = float64(step.sent) / took.Seconds()
		}
	}
}

// measured is how fast probes are sent now.
func (p *pace) measured() uint8 {
	if p.actual > 0 && p.actual < p.rate*.8 {
		return rateCode(p.actual)
	}
	return rateCode(p.rate)
}

// echo notes the first answer to a probe that was sent at a time.
func (p *pace) echo(at uint32, control bool, now time.Duration) {
	p.rtt.add(now - sinceStart(at))
	for i := len(p.steps) - 1; i >= 0; i-- {
		step := &p.steps[i]
		if at < step.from {
			continue
		}
		step.answered++
		p.inFlight--
		if control {
			step.heard++
		}
		return
	}
	if control {
		p.recall(at)
		p.late(at, uint32(now/time.Microsecond))
	}
}

// judge takes in the steps whose answers are overdue.
func (p *pace) judge(now time.Duration) {
	overdue := p.rtt.overdue()
	for len(p.steps) > 0 {
		step := &p.steps[0]
		if !step.closed && now-sinceStart(step.from) > overdue+2*max(paceStepTime, p.rtt.smooth) {
			p.closeStep(uint32(now / time.Microsecond))
		}
		if !step.closed || now-sinceStart(step.to) < overdue {
			return
		}
		p.inFlight -= max(step.sent-step.answered, 0)
		if step.from >= p.since {
			p.controls += step.controls
			p.lost += max(step.controls-step.heard, 0)
		}
		p.keep(step)
		p.judged, p.steps = step.to, p.steps[1:]
		p.decide(uint32(now / time.Microsecond))
	}
}

// decide changes the pace once enough controls speak for it.
func (p *pace) decide(now uint32) {
	if p.controls == 0 {
		return
	}
	low, _ := lossBounds(p.lost, p.controls, 2)
	tooMuch := low > p.tolerated && p.controls >= lossLot && p.trial.rate == 0
	switch {
	case tooMuch || low > maxLoss && p.controls >= lossLot/2:
		p.slowDown(now)
	case p.trial.rate > 0:
		p.tryOn(now)
	case p.rtt.queueing():
		p.set(p.rate*p.rtt.relief(), now)
		p.threshold = p.rate
	case p.controls >= minLot && p.lost == 0 || p.controls >= 4*minLot:
		p.grow(now)
	}
}

func (p *pace) grow(now uint32) {
	factor := paceGrowth
	if p.rate*factor > p.threshold {
		factor = paceCreep
	}
	p.set(p.rate*factor, now)
}

func (p *pace) slowDown(now uint32) {
	p.remember()
	none := p.lost == p.controls
	p.trial = paceTrial{rate: p.rate, lost: p.lost, controls: p.controls, interrupted: none || p.trial.interrupted}
	loss := float64(p.lost) / float64(p.controls)
	sent := p.rate
	if p.actual > 0 {
		sent = min(sent, p.actual)
	}
	passed := sent * (1 - loss) * paceBackOff
	if none {
		passed = sent * quarterPace
	}
	p.set(passed, now)
}

// tryOn judges, once it can, whether the pace was to blame: it was if the slower one loses less. When
// that stays open it is taken for it, since to be slow for a while does no harm.
func (p *pace) tryOn(now uint32) {
	before := p.trial
	sigmas := deviations(p.lost, p.controls, before.lost, before.controls)
	over := before.interrupted && p.controls >= minLot && sigmas > 2.5
	switch {
	case p.controls < trialLot && !over:
	case sigmas < 1.5:
		p.trial = paceTrial{}
		_, high := lossBounds(p.lost, p.controls, 2)
		p.tolerated = min(max(high, firstLoss), maxLoss)
		p.set(before.rate, now)
	case sigmas > 2.5 || p.controls >= 3*trialLot:
		p.trial = paceTrial{}
		if !before.interrupted {
			p.threshold = p.rate
		}
		p.grow(now)
	}
}

// forgive takes back what losses did to the pace that were not the path's: it is no slower than at the start.
func (p *pace) forgive(start float64, now uint32) {
	p.trial, p.tolerated, p.threshold, p.slowings = paceTrial{}, firstLoss, math.Inf(1), nil
	p.set(max(p.rate, start), now)
}

// doubtful reports whether more controls are wanted.
func (p *pace) doubtful() bool { return p.trial.rate > 0 || p.lost > 0 }

// set changes the pace; what was sent before no longer counts.
func (p *pace) set(rate float64, now uint32) {
	p.rate = min(max(rate, p.floor), p.ceiling)
	p.tokens = min(p.tokens, max(p.rate*paceBurst.Seconds(), 1))
	p.controls, p.lost, p.since = 0, 0, now
	p.closeStep(now)
}

// flying takes the controls back whose answers are not overdue, and counts them by pace.
func (p *pace) flying(now time.Duration) map[uint8]int {
	p.judge(now)
	counts := make(map[uint8]int)
	for i := range p.steps {
		step := &p.steps[i]
		counts[step.code] += max(step.controls-step.heard, 0)
		step.controls = step.heard
	}
	return counts
}

func sinceStart(at uint32) time.Duration { return time.Duration(at) * time.Microsecond }

// rateCode writes a pace, in packets a second, as quarters of an octave.
func rateCode(rate float64) uint8 { return uint8(math.Round(4 * math.Log2(max(rate, 1)))) }

func rateOf(code uint8) float64 { return math.Round(math.Exp2(float64(code) / 4)) }
