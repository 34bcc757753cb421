package diagnosis

import (
	"fmt"
	"regexp"
	"slices"

	"bothways/internal/evidence"
	"bothways/sipprobe"
)

// wrongKey: the responder refused the client's credentials, and nothing works.
func wrongKey(v *view) []Finding {
	if v.paired() {
		return nil
	}
	var lines []string
	for _, a := range v.Pairing.Attempts {
		if x := a.Exchange; x != nil && x.Outcome == sipprobe.WrongKey {
			lines = append(lines, fmt.Sprintf("%s: %s challenged the client again after it had answered the first challenge with its key%s.",
				a.Transport, x.Remote, stranger(x)))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []Finding{{Evidence: lines}}
}

// protocols finds the protocol versions in what a responder accepts.
var protocols = regexp.MustCompile(`application/vnd\.bothways\.v([0-9]{1,9})\+json`)

// peerVersionMismatch: the responder refused the first order by its type and named
// one of another version.
func peerVersionMismatch(v *view) []Finding {
	if v.paired() {
		return nil
	}
	var lines []string
	mine := fmt.Sprint(v.program().Protocol)
	for _, a := range v.Pairing.Attempts {
		theirs := offered(a)
		if len(theirs) == 0 || slices.Contains(theirs, mine) {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: the responder at %s (%s) speaks version %s of the protocol; this client (bothways %s) speaks version %s.",
			a.Transport, a.Exchange.Remote, software(a.Exchange), list(theirs), v.program().Version, mine))
	}
	if len(lines) == 0 {
		return nil
	}
	return []Finding{{Evidence: lines}}
}

func (v *view) program() evidence.Program {
	if v.Run.Client.Protocol != 0 {
		return v.Run.Client
	}
	return v.Client.Program
}

// offered are the protocol versions that an attempt was refused in favour of.
func offered(a evidence.Attempt) []string {
	x := a.Exchange
	if x == nil || x.Outcome != sipprobe.Refused || x.Status != 415 {
		return nil
	}
	var out []string
	for _, m := range protocols.FindAllStringSubmatch(x.Accepts, -1) {
		out = append(out, m[1])
	}
	return out
}

func software(x *sipprobe.Exchange) string {
	if x.Server == "" {
		return "software not named"
	}
	return x.Server
}
