package lab

import "time"

// lasts is about how long a run through the fault waits in a matrix (see Quickly), good
// enough to start the long ones first; 0 for a fault whose scenario cannot be read.
func (f Fault) lasts() time.Duration {
	o := Quickly()
	if o.Pause = f.Pause; f.WholeTalk {
		o.Talk = 0
	}
	s, err := f.scenario()
	if err == nil {
		s, err = s.With(o)
	}
	if err != nil {
		return 0
	}
	var sum, idle time.Duration
	for _, c := range s.Checks {
		sum += time.Second / 2
		switch {
		case c.Call != nil:
			sum += c.Call.Length()
		case c.Load != nil:
			sum += c.Load.Length()
		case c.Idle != nil: // all side by side
			idle = max(idle, c.Idle.Longest())
		}
	}
	return sum + idle
}
