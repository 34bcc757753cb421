package evidence

import (
	"bytes"

	"bothways/sipprobe"
)

// Token marks the messages of one check: it stands in their Via branch, Call-ID
// and From tag.
func (r Run) Token(check string) string { return r.ID + "-" + check }

// PairingToken marks the first message that pairs over a transport.
func (r Run) PairingToken(t sipprobe.Transport) string { return r.ID + "-pair-" + string(t) }

// Trace counts the messages of one token over one transport at one end.
type Trace struct {
	SentRequests, ReceivedRequests   int
	SentResponses, ReceivedResponses int
}

// Trace looks a token up on the ledger's tape; messages that could not leave the
// machine do not count. A nil ledger gives nil: unknown, not zero.
func (l *Ledger) Trace(token string, t sipprobe.Transport) *Trace {
	if l == nil {
		return nil
	}
	var tr Trace
	for _, r := range l.Tape {
		if r.Transport != t || !hasToken(r.Data, token) || r.Sent && r.Note != "" {
			continue
		}
		tr.count(r)
	}
	return &tr
}

func (tr *Trace) count(r sipprobe.Record) {
	response := bytes.HasPrefix(r.Data, []byte("SIP/2.0 "))
	switch {
	case r.Sent && response:
		tr.SentResponses++
	case r.Sent:
		tr.SentRequests++
	case response:
		tr.ReceivedResponses++
	default:
		tr.ReceivedRequests++
	}
}

// hasToken finds the token as a whole: "call-in-udp" is not "call-in-udp-latched".
func hasToken(data []byte, token string) bool {
	for {
		i := bytes.Index(data, []byte(token))
		if i < 0 {
			return false
		}
		data = data[i+len(token):]
		if len(data) == 0 || !isTokenByte(data[0]) {
			return true
		}
	}
}

func isTokenByte(b byte) bool {
	return b == '-' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
