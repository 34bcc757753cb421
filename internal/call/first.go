package call

import (
	"strings"

	"bothways/internal/evidence"
)

// firstPacket is the time from the answer of the call to the first packet that arrived, as this end saw
// both, in milliseconds; null without either.
func firstPacket(end evidence.CallEnd) *float64 {
	if end.Media == nil || end.Media.Received.FirstMS == nil {
		return nil
	}
	for _, e := range end.Events {
		if len(e.What) == 3 && strings.HasPrefix(e.What, "2") {
			opened := evidence.Millis(e.Time.UTC().Sub(end.Media.Opened))
			return new(*end.Media.Received.FirstMS - opened)
		}
	}
	return nil
}
