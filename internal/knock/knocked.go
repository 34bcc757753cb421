package knock

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Knocked is the ledger of the end that knocks at one port.
type Knocked struct {
	Transport Transport      `json:"transport"`
	Remote    netip.AddrPort `json:"remote"`
	// Attempts are in the order in which they were made; over TCP each is a connection
	// of its own, over UDP all are datagrams of one socket.
	Attempts []Attempt `json:"attempts"`
	// ICMP is what was said of the knocks over UDP; null over TCP, whose kernel turns it
	// into the result of the connection.
	ICMP []ICMP `json:"icmp"`
}

// An Attempt is one knock.
type Attempt struct {
	Time  time.Time      `json:"time"`
	Local netip.AddrPort `json:"local"`
	// Connect is how the opening of the connection ended: "open", "timeout", "refused",
	// "unreachable" or "local" (this machine could not); empty over UDP.
	Connect   string   `json:"connect,omitempty"`
	ConnectMs *float64 `json:"connect_ms,omitempty"`
	Outcome   Outcome  `json:"outcome"`
	// RTTMs is from the knock to its answer, null without one.
	RTTMs *float64 `json:"rtt_ms"`
	// ArrivedOn is the port that a proven answer names, else 0.
	ArrivedOn uint16 `json:"arrived_on,omitempty"`
	// Stranger is what answered without proof, null when nothing did.
	Stranger *Stranger `json:"stranger,omitempty"`
	Error    string    `json:"error,omitempty"`
}

// An Outcome is what became of a knock.
type Outcome string

// The outcomes.
const (
	// Proven: the bell answered.
	Proven Outcome = "proven"
	// Another: something answered that is not the bell.
	Another Outcome = "another"
	// Silent: nothing came back in time.
	Silent Outcome = "silent"
	// Closed: the connection was open, and closed without a word.
	Closed Outcome = "closed"
	// NotConnected: no connection could be opened.
	NotConnected Outcome = "not-connected"
	// NotSent: this machine did not take the knock.
	NotSent Outcome = "not-sent"
)

// A Stranger is what answered without proof.
type Stranger struct {
	From netip.AddrPort `json:"from"`
	// Bytes is how much of it was read, Head its first 64 bytes: as text where it is
	// text, up to the end of the line, else in hexadecimal after "hex ".
	Bytes int    `json:"bytes"`
	Head  string `json:"head"`
}

// headSize is how much of a stranger's answer is kept.
const headSize = 64

func stranger(from netip.AddrPort, b []byte) *Stranger {
	return &Stranger{From: from, Bytes: len(b), Head: head(b)}
}

// head is the start of an answer in a form that can be printed.
func head(b []byte) string {
	b = b[:min(len(b), headSize)]
	line, _, _ := strings.Cut(string(b), "\n")
	line = strings.TrimRight(line, "\r")
	for _, c := range []byte(line) {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("hex % x", b)
		}
	}
	return line
}

// An ICMP is an error that somebody reported of knocks: evidence, which anybody could forge.
type ICMP struct {
	// From is who reported it; invalid where the system does not say.
	From netip.Addr `json:"from"`
	// Meaning is "port-unreachable", "administratively-prohibited", "host-unreachable",
	// "network-unreachable", "protocol-unreachable", "time-exceeded" or "other".
	Meaning string `json:"meaning"`
	Count   int    `json:"count"`
}

// add counts an error.
func (k *Knocked) add(from netip.Addr, meaning string) {
	for i := range k.ICMP {
		if i := &k.ICMP[i]; i.From == from && i.Meaning == meaning {
			i.Count++
			return
		}
	}
	if len(k.ICMP) < maxICMP {
		k.ICMP = append(k.ICMP, ICMP{From: from, Meaning: meaning, Count: 1})
	}
}

// maxICMP bounds the different errors that are told apart.
const maxICMP = 8

// Answered returns the attempt that the bell answered, nil when it answered none.
func (k Knocked) Answered() *Attempt { return k.first(Proven) }

// Another returns the first attempt that something else answered, nil when nothing did.
func (k Knocked) Another() *Attempt { return k.first(Another) }

func (k Knocked) first(o Outcome) *Attempt {
	for i := range k.Attempts {
		if k.Attempts[i].Outcome == o {
			return &k.Attempts[i]
		}
	}
	return nil
}

func ms(d time.Duration) *float64 {
	v := float64(d.Microseconds()) / 1000
	return &v
}
