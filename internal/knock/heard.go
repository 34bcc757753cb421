package knock

import (
	"net/netip"
	"time"
)

// Heard is the ledger of one bell.
type Heard struct {
	Transport Transport `json:"transport"`
	// Local is where the bell hung, or was to hang.
	Local netip.AddrPort `json:"local"`
	// NotHung says why it could not be hung, empty when it was; Error is what the
	// system said then, or when the bell fell down before its time.
	NotHung Fault  `json:"not_hung,omitempty"`
	Error   string `json:"error,omitempty"`
	// Arrivals are the proven knocks, by where they came from and what they were meant
	// for, in the order in which each was first heard.
	Arrivals []Arrival `json:"arrivals"`
	// Strangers counts connections and datagrams without a valid knock; StrangersFrom
	// names the first of their senders.
	Strangers     int64            `json:"strangers"`
	StrangersFrom []netip.AddrPort `json:"strangers_from,omitempty"`
}

// An Arrival is a knock that was heard, once or several times.
type Arrival struct {
	// Time is when it was first heard.
	Time time.Time `json:"time"`
	// Local is where it arrived, Remote where it came from.
	Local  netip.AddrPort `json:"local"`
	Remote netip.AddrPort `json:"remote"`
	// Port is the one that it was meant for.
	Port uint16 `json:"port"`
	// Knocks is how often it was heard, Answered how often an answer left.
	Knocks   int `json:"knocks"`
	Answered int `json:"answered"`
	// Refused is true when it was not answered since nothing may be sent to Remote.
	Refused bool `json:"refused,omitempty"`
	// Error is why an answer did not leave.
	Error string `json:"error,omitempty"`
}

// A Fault is why a bell could not be hung.
type Fault string

// The faults.
const (
	// InUse: another program holds the port.
	InUse Fault = "in-use"
	// Own: the program at this end holds the port itself.
	Own Fault = "own"
	// NotPermitted: the system does not let this program listen there.
	NotPermitted Fault = "not-permitted"
	// NoFiles: file descriptors or memory have run out.
	NoFiles Fault = "no-files"
	// OtherFault is any other.
	OtherFault Fault = "other"
)

// NotHung is the ledger of a bell that could not be hung.
func NotHung(t Transport, at netip.AddrPort, why Fault, err error) Heard {
	h := Heard{Transport: t, Local: at, NotHung: why, Arrivals: []Arrival{}}
	if err != nil {
		h.Error = err.Error()
	}
	return h
}
