package call

import (
	"strings"
	"time"

	"bothways/internal/evidence"
)

// firstPacket is the time from the answer of the call to the first packet that arrived, as this end saw
// both, in milliseconds; null without either. Opened is when the stream was, by a clock that nobody sets.
func firstPacket(end evidence.CallEnd, opened time.Time) *float64 {
	if end.Media == nil || end.Media.Received.FirstMS == nil {
		return nil
	}
	for _, e := range end.Events {
		if len(e.What) == 3 && strings.HasPrefix(e.What, "2") {
			return new(*end.Media.Received.FirstMS - evidence.Millis(e.Time.Sub(opened)))
		}
	}
	return nil
}
