package rtpprobe

// A control is known by its port and when it was sent; several of one burst may be alike.
type controlKey struct {
	port uint16
	at   uint32
}

// maxAwaited controls are remembered; then all are forgotten, and answers that still come are left out.
const maxAwaited = 1 << 17

// awaitedControls are those without an answer: a path that delivers packets twice must not make good what it loses.
// The zero value is ready.
type awaitedControls struct{ count map[controlKey]int }

func (a *awaitedControls) add(port uint16, at uint32) {
	if a.count == nil || len(a.count) >= maxAwaited {
		a.count = make(map[controlKey]int)
	}
	a.count[controlKey{port, at}]++
}

// take reports whether a control was still without an answer, which it now has.
func (a *awaitedControls) take(port uint16, at uint32) bool {
	key := controlKey{port, at}
	switch n := a.count[key]; n {
	case 0:
		return false
	case 1:
		delete(a.count, key)
	default:
		a.count[key] = n - 1
	}
	return true
}
