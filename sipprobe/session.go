package sipprobe

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Session is a session timer (RFC 4028): the call ends unless it is refreshed by then.
// The zero value is none.
type Session struct {
	Expires time.Duration
	// Mine is true at the end that refreshes.
	Mine bool
}

// Bounds of session timers. A stranger may not ask for less than MinSession (RFC 4028
// section 4); two ends that have agreed on it elsewhere may.
const (
	MinSession = 90 * time.Second
	MaxSession = 24 * time.Hour
)

// SessionExpired is the [Call.EndReason] of a call whose session was not refreshed.
const SessionExpired = "the session timer ran out"

// statusTooBrief refuses a session timer that is too short (RFC 4028 section 6).
const statusTooBrief = 422

// request is what an INVITE says of the session.
func (s Session) request() []string {
	least := min(s.Expires, MinSession)
	return []string{"Supported: timer", "Session-Expires: " + s.value(true), fmt.Sprintf("Min-SE: %d", int(least.Seconds()))}
}

// value is that of Session-Expires; asking is true in requests, whose sender is the uac.
func (s Session) value(asking bool) string {
	who := "uas"
	if s.Mine == asking {
		who = "uac"
	}
	return fmt.Sprintf("%d;refresher=%s", int(s.Expires.Seconds()), who)
}

// seconds reads the first number of a header; 0 when there is none.
func seconds(value string) time.Duration {
	number, _, _ := strings.Cut(value, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// sessionOf reads Session-Expires; asked is true at the end that sent the request.
func sessionOf(m headers, asked bool) Session {
	value := headerValue(m, "Session-Expires")
	if value == "" {
		value = headerValue(m, "x") // its compact form
	}
	s := Session{Expires: seconds(value)}
	if s.Expires <= 0 || s.Expires > MaxSession {
		return Session{}
	}
	uac := !strings.Contains(strings.ReplaceAll(strings.ToLower(value), " ", ""), "refresher=uas")
	s.Mine = uac == asked
	return s
}

// TooBrief refuses an INVITE that asks for a session timer of less than that with 422
// (RFC 4028 section 9), and reports whether it did.
func (in *Incoming) TooBrief(least time.Duration) bool {
	s := sessionOf(in.req, false)
	if s.Expires == 0 || s.Expires >= least {
		return false
	}
	in.extra = []string{fmt.Sprintf("Min-SE: %d", int(least.Seconds()))}
	in.Reply(statusTooBrief, "Session Interval Too Small", Body{})
	return true
}

// admitSession takes the session timer that an INVITE, or a refresh, asks for.
func (c *Call) admitSession(in *Incoming) {
	s := sessionOf(in.req, false)
	c.mu.Lock()
	c.session = s
	c.mu.Unlock()
	if s.Expires == 0 {
		return
	}
	in.extra = []string{"Session-Expires: " + s.value(false)}
	if !s.Mine {
		in.extra = append(in.extra, "Require: timer")
	}
}

// Session is the session timer that both ends agreed on; zero when there is none.
func (c *Call) Session() Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// KeepSession keeps the session timer, if there is one, until the call or ctx ends. The
// end that refreshes does so after half of the time; refresh sends [Call.Update] or
// [Call.Reinvite]. The other end waits, and hangs up a little before the time is over
// (RFC 4028 section 10); so does the end whose refresh drew no answer.
func (c *Call) KeepSession(ctx context.Context, refresh func(context.Context) Exchange) {
	for {
		s := c.Session()
		if s.Expires == 0 {
			return
		}
		wait := s.Expires - min(32*time.Second, s.Expires/3)
		if s.Mine {
			wait = s.Expires / 2
		}
		select {
		case <-c.renewed:
			continue
		case <-c.ended:
			return
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if s.Mine && c.refreshed(ctx, s, refresh) || ctx.Err() != nil {
			continue
		}
		bye, cancel := context.WithTimeout(ctx, abandonTimeout)
		c.bye(bye, SessionExpired)
		cancel()
		return
	}
}

// refreshed reports whether the session goes on after a refresh, which has until its end.
func (c *Call) refreshed(ctx context.Context, s Session, refresh func(context.Context) Exchange) bool {
	ctx, cancel := context.WithTimeout(ctx, s.Expires/2)
	defer cancel()
	x := refresh(ctx)
	return x.Outcome != Silent && x.Status != 481 && x.Status != 408
}

// renew notes a refresh of the session.
func (c *Call) renew() {
	select {
	case c.renewed <- struct{}{}:
	default:
	}
}
