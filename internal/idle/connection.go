package idle

import (
	"context"
	"time"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// A Line is a connection to be put to the test.
type Line struct {
	// Endpoint is the connection's own.
	Endpoint *sipprobe.Endpoint
	// First and Second are the far end, with the tokens of the two questions.
	First, Second sipprobe.Target
	// Connect opens the connection.
	Connect func(context.Context) evidence.Connect
}

// answerTime is how long an answer may take over a connection that lives.
const answerTime = 5 * time.Second

// watchPause is how often a silent connection is looked at.
const watchPause = 250 * time.Millisecond

// Connection asks twice over one connection, and nothing in between for as long as idle.
func Connection(ctx context.Context, l Line, idle time.Duration) evidence.ConnectionTrial {
	out := evidence.ConnectionTrial{IdleMs: int(idle.Milliseconds()), Connect: l.Connect(ctx)}
	if out.Connect.Result != "open" {
		return out
	}
	out.First = ask(ctx, l.Endpoint, l.First)
	if out.First.Outcome != sipprobe.Accepted {
		return out
	}
	start := time.Now()
	if !wait(ctx, l, idle) {
		if ctx.Err() == nil {
			out.EndedMs = new(evidence.Millis(time.Since(start)))
		}
		return out
	}
	out.Second = ask(ctx, l.Endpoint, l.Second)
	return out
}

func ask(ctx context.Context, e *sipprobe.Endpoint, to sipprobe.Target) *sipprobe.Exchange {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	return new(e.Options(ctx, to))
}

// wait returns when idle has passed, or earlier and with false when the connection or
// the context has ended.
func wait(ctx context.Context, l Line, idle time.Duration) bool {
	end := time.NewTimer(idle)
	defer end.Stop()
	watch := time.NewTicker(watchPause)
	defer watch.Stop()
	for {
		select {
		case <-end.C:
			return true
		case <-ctx.Done():
			return false
		case <-watch.C:
			if !l.Endpoint.Connected(l.First.Peer) {
				return false
			}
		}
	}
}
