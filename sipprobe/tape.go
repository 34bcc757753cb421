package sipprobe

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// A Record is one SIP message as it stood on the wire: a whole datagram, or one
// framed message of a TCP or TLS stream (after decryption).
type Record struct {
	Time      time.Time
	Transport Transport
	Local     netip.AddrPort // zero when the socket cannot tell
	Remote    netip.AddrPort
	Sent      bool   // false: received
	Data      []byte // never changed after it was recorded
	Note      string // why the message went no further, empty when it did
}

// recordJSON is the saved form. Data is text when it is valid UTF-8, base64 otherwise,
// so that both stay readable and nothing is lost.
type recordJSON struct {
	Time      time.Time      `json:"time"`
	Transport Transport      `json:"transport"`
	Local     netip.AddrPort `json:"local"`
	Remote    netip.AddrPort `json:"remote"`
	Sent      bool           `json:"sent"`
	Text      string         `json:"text,omitempty"`
	Base64    []byte         `json:"base64,omitempty"`
	Note      string         `json:"note,omitempty"`
}

// MarshalJSON writes the record with its bytes as "text", or as "base64" where they are not UTF-8.
func (r Record) MarshalJSON() ([]byte, error) {
	j := recordJSON{Time: r.Time, Transport: r.Transport, Local: r.Local, Remote: r.Remote, Sent: r.Sent, Note: r.Note}
	if utf8.Valid(r.Data) {
		j.Text = string(r.Data)
	} else {
		j.Base64 = r.Data
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote, byte for byte.
func (r *Record) UnmarshalJSON(data []byte) error {
	var j recordJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	*r = Record{Time: j.Time, Transport: j.Transport, Local: j.Local, Remote: j.Remote, Sent: j.Sent, Note: j.Note}
	r.Data = j.Base64
	if j.Text != "" {
		r.Data = []byte(j.Text)
	}
	return nil
}

// A Tape keeps the signalling that crossed one or more sockets, in order. It is
// bounded: when MaxBytes are exceeded, the oldest records go and are counted.
// The zero value is ready and keeps up to 4 MiB. A nil *Tape records nothing.
// It is safe for concurrent use.
type Tape struct {
	MaxBytes int // 0 = 4 MiB
	// Skip says which messages are not kept; nil keeps all. It must be fast, and may be
	// called from several goroutines.
	Skip func(data []byte) bool

	mu      sync.Mutex
	records []Record // those before head have been dropped
	head    int
	size    int
	dropped int
}

const (
	defaultTapeBytes = 4 << 20
	recordOverhead   = 160 // what a record costs beside its data
)

// Add appends a record. It copies the data.
func (t *Tape) Add(r Record) {
	if t == nil || t.Skip != nil && t.Skip(r.Data) {
		return
	}
	r.Data = bytes.Clone(r.Data)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records = append(t.records, r)
	t.size += len(r.Data) + recordOverhead
	t.trim()
}

// annotate adds a note to the last record of a message that was about to be sent.
func (t *Tape) annotate(data []byte, note string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.records) - 1; i >= t.head; i-- {
		if r := &t.records[i]; r.Sent && bytes.Equal(r.Data, data) {
			r.Note = note
			return
		}
	}
}

// trim drops the oldest records, but for the newest one, and moves the others only
// when half of the slice is empty.
func (t *Tape) trim() {
	limit := t.MaxBytes
	if limit == 0 {
		limit = defaultTapeBytes
	}
	for t.size > limit && t.head < len(t.records)-1 {
		t.size -= len(t.records[t.head].Data) + recordOverhead
		t.records[t.head] = Record{}
		t.head++
		t.dropped++
	}
	if t.head > len(t.records)/2 {
		t.records = slices.Delete(t.records, 0, t.head)
		t.head = 0
	}
}

// Records returns what the tape holds, oldest first. With a non-empty token only
// messages whose bytes contain it: bothways puts its run's token into the Via
// branch, the Call-ID and the From tag of every message, so that at least one
// survives what a middlebox may rewrite.
func (t *Tape) Records(token string) []Record {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Record
	for _, r := range t.records[t.head:] {
		if token == "" || bytes.Contains(r.Data, []byte(token)) {
			out = append(out, r)
		}
	}
	return out
}

// Dropped counts the records that the bound pushed out.
func (t *Tape) Dropped() int {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dropped
}

// Place is where the first message with a token stands that the tape still holds, counted
// from the first message that it ever held; the end where there is none.
func (t *Tape) Place(token string) int {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	held := t.records[t.head:]
	if i := slices.IndexFunc(held, func(r Record) bool { return bytes.Contains(r.Data, []byte(token)) }); i >= 0 {
		return t.dropped + i
	}
	return t.dropped + len(held)
}

// DroppedFrom counts the records from a place on that the bound pushed out: what was lost
// before says nothing of a run that began there.
func (t *Tape) DroppedFrom(place int) int { return max(t.Dropped()-place, 0) }
