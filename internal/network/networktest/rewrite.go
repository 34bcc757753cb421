package networktest

// A Rewriter is a box on the wire that reads and changes datagrams. It gets what crosses
// the wire, sent by this host or to it, and returns what goes on; nil loses it.
type Rewriter func(f Flow, sent bool, data []byte) []byte

// Rewrite puts a box on the wire, for datagrams from now on; nil takes it away.
func (w *Wire) Rewrite(box Rewriter) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.box = box
}

// through is a datagram as it leaves the box; false when it is lost.
func (w *Wire) through(f Flow, sent bool, data []byte) ([]byte, bool) {
	w.mu.Lock()
	box := w.box
	w.mu.Unlock()
	if box == nil {
		return data, true
	}
	out := box(f, sent, data)
	return out, out != nil
}
