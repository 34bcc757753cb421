package diagnosis

import (
	"fmt"
	"strings"

	"bothways/internal/evidence"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// hears names who hears nothing when a direction is dead.
func hears(d scenarios.Direction) string {
	if d == scenarios.Inbound {
		return "inside"
	}
	return "outside"
}

// way spells a direction out.
func way(d scenarios.Direction) string {
	if d == scenarios.Inbound {
		return "from the client to the site"
	}
	return "from the site to the client"
}

// count is a number with its noun: "1 packet", "300 packets", "no packets".
func count[N int | int64](n N, noun string) string {
	switch n {
	case 0:
		return "no " + noun + "s"
	case 1:
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// are is the verb for one thing or several.
func are(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// list joins words: "a", "a and b", "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// millis is a time in the unit in which it reads best.
func millis(ms float64) string {
	if ms >= 1000 {
		return fmt.Sprintf("%.1f s", ms/1000)
	}
	return fmt.Sprintf("%.1f ms", ms)
}

// connected says how the opening of a connection ended.
func connected(t sipprobe.Transport, c *evidence.Connect) string {
	kind := "TCP connection"
	if t == sipprobe.TLS {
		kind = "TLS connection"
	}
	switch c.Result {
	case "timeout":
		return fmt.Sprintf("the %s timed out after %s", kind, millis(c.DurationMs))
	case "refused":
		return fmt.Sprintf("the %s was refused", kind)
	case "unreachable":
		return fmt.Sprintf("the %s found no way to the address", kind)
	case "tls-failed":
		return "the TLS handshake failed" + because(c.Error)
	case "local":
		return fmt.Sprintf("this machine could not open the %s%s", kind, because(c.Error))
	}
	return fmt.Sprintf("the %s ended as %q", kind, c.Result)
}

// answered says how an exchange ended.
func answered(x *sipprobe.Exchange) string {
	switch x.Outcome {
	case sipprobe.Accepted, sipprobe.Refused:
		return status(x) + in(x.RTTMs)
	case sipprobe.WrongKey:
		return "the key was refused"
	case sipprobe.Unproven:
		return "answered by something that is not the responder" + stranger(x)
	case sipprobe.Silent:
		return "no answer"
	case sipprobe.NotSent:
		return "this machine could not send it" + because(x.Error)
	case sipprobe.Closed:
		return "the connection was closed before an answer came"
	case sipprobe.NotReached:
		return "no connection could be opened" + because(x.Error)
	}
	return fmt.Sprintf("ended as %q", x.Outcome)
}

// ended says how a try ended.
func (t try) ended(over sipprobe.Transport) string {
	switch {
	case t.exchange != nil && (t.connect == nil || t.connect.Result == "open"):
		return answered(t.exchange)
	case t.connect != nil && t.connect.Result != "open":
		return connected(over, t.connect)
	case t.connect != nil:
		return "the connection opened, and nothing more is known"
	}
	return "nothing is known of how it ended"
}

func status(x *sipprobe.Exchange) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", x.Status, x.Reason))
}

func stranger(x *sipprobe.Exchange) string {
	var parts []string
	if x.Status != 0 {
		parts = append(parts, status(x))
	}
	if x.Server != "" {
		parts = append(parts, fmt.Sprintf("Server: %s", x.Server))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func in(rtt *float64) string {
	if rtt == nil {
		return ""
	}
	return " in " + millis(*rtt)
}
