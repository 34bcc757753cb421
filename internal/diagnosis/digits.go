package diagnosis

import (
	"fmt"
	"strings"

	"bothways/rtpprobe"
)

// digitsOf are digits as one dials them.
func digitsOf(all []rtpprobe.Digit) *string {
	var b strings.Builder
	for _, d := range all {
		b.WriteString(d.Digit)
	}
	return new(b.String())
}

// dialled are the digits of a direction, as they were sent and as they arrived.
func (l leg) dialled() (sent, heard *string) {
	if l.sender == nil || l.sender.Media == nil || len(l.sender.Media.Sent.Digits) == 0 {
		return nil, nil
	}
	sent = digitsOf(l.sender.Media.Sent.Digits)
	if l.receiver == nil || l.receiver.Media == nil {
		return sent, nil
	}
	return sent, digitsOf(l.receiver.Media.Received.Digits)
}

// judgeDigits reports whether the digits that were dialled arrived; where they did it says so.
func judgeDigits(out *CheckVerdict, c call) bool {
	var lost []string
	for _, l := range c.legs() {
		sent, heard := l.dialled()
		if sent == nil || heard == nil || *sent == *heard {
			continue
		}
		got := "none"
		if *heard != "" {
			got = *heard
		}
		lost = append(lost, fmt.Sprintf("the digits %s did not reach %s by RFC 4733: %s arrived, while audio did", *sent, hears(l.direction), got))
	}
	if len(lost) > 0 {
		out.Verdict, out.Summary = Fail, strings.Join(lost, "; ")
	}
	return len(lost) == 0
}

// digitWords tells of digits that arrived, empty when none were dialled.
func (c call) digitWords() string {
	var parts []string
	for _, l := range c.legs() {
		if sent, heard := l.dialled(); sent != nil && heard != nil {
			parts = append(parts, *sent+" "+string(l.direction))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "digits arrived: " + list(parts)
}
