package natlab

// Alter runs a frame through one alteration; nil means that it was dropped.
func Alter(a Alteration, frame []byte) []byte {
	b := &box{alterations: []*altering{{Alteration: a, seen: make(map[flow]uint32)}}}
	out, _ := b.alter(frame, a.Direction)
	return out
}
