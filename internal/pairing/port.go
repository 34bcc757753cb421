package pairing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"bothways/internal/knock"
	"bothways/internal/service"
)

// Bounds of the checks of ports that both ends keep.
const (
	// MaxPorts is how many ports one order may name.
	MaxPorts = 64
	// PortsAtOnce is how many of them are knocked at side by side.
	PortsAtOnce = 16
	// BellTime is how long the responder's bells hang at most.
	BellTime = 2 * time.Minute
	// portOrderTime is what hanging bells, or taking them down, may take.
	portOrderTime = 2 * time.Second
)

// A PortOrder is one step of the checks of ports; exactly one of its parts is set. A
// session has one set of bells at a time: Hang takes down those before.
type PortOrder struct {
	// Hang asks for bells at ports of the address that the order reached the responder at.
	Hang *PortList `json:"hang,omitempty"`
	// Ask says, beside Hang, what is spoken at some of its ports. Where another program
	// holds one, the responder asks it once, at its own address; Name is the host that it
	// asks for, as the client does.
	Ask  []PortAsk `json:"ask,omitempty"`
	Name string    `json:"name,omitempty"`
	// TakeDown takes the bells down, and files what was heard under their list's ID.
	TakeDown bool `json:"take_down,omitempty"`
	// Knock asks the responder to knock at ports of the address that the order came
	// from, never of another. Its ledgers are filed under the list's ID when it is done.
	Knock *PortList `json:"knock,omitempty"`
}

// A PortAsk says what is spoken at a port.
type PortAsk struct {
	Transport knock.Transport  `json:"transport"`
	Port      uint16           `json:"port"`
	Protocol  service.Protocol `json:"protocol"`
}

// A PortList names ports by transport, each once.
type PortList struct {
	// ID is not 0, and another one for each list of a run.
	ID  uint32   `json:"id"`
	TCP []uint16 `json:"tcp,omitempty"`
	UDP []uint16 `json:"udp,omitempty"`
}

// Of returns the ports of a transport.
func (l PortList) Of(t knock.Transport) []uint16 {
	if t == knock.TCP {
		return l.TCP
	}
	return l.UDP
}

// Add adds a port that is not there yet.
func (l *PortList) Add(t knock.Transport, port uint16) {
	list := &l.UDP
	if t == knock.TCP {
		list = &l.TCP
	}
	if !slices.Contains(*list, port) {
		*list = append(*list, port)
	}
}

// Len counts the ports.
func (l PortList) Len() int { return len(l.TCP) + len(l.UDP) }

// A PortReply answers a PortOrder.
type PortReply struct {
	// Busy says, beside the error, that the same order may do later: the ports are
	// another client's now.
	Busy bool `json:"busy,omitempty"`
	// Hung are the ports with a bell; the record says what is wrong with the others.
	Hung *PortList `json:"hung,omitempty"`
}

// A PortRecord is what the responder filed of a list of ports.
type PortRecord struct {
	Heard   []knock.Heard   `json:"heard,omitempty"`
	Knocked []knock.Knocked `json:"knocked,omitempty"`
	// Said is what other programs on the responder's machine said of themselves.
	Said []service.Said `json:"said,omitempty"`
}

// KnockKey derives the key for the knocks of a run.
func KnockKey(key, run string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte("bothways knocks " + run))
	return h.Sum(nil)
}

// check bounds what an order may make the responder do.
func (o PortOrder) check() error {
	switch {
	case o.Hang != nil:
		return errors.Join(o.Hang.check(), o.checkAsk())
	case o.Knock != nil:
		return o.Knock.check()
	case !o.TakeDown:
		return errors.New("an order about ports that says nothing")
	}
	return nil
}

// checkAsk bounds what is asked: only ports of the list, each once, in a known protocol.
func (o PortOrder) checkAsk() error {
	if len(o.Ask) == 0 {
		return nil
	}
	if err := service.CheckName(o.Name); err != nil {
		return err
	}
	seen := make(map[PortAsk]bool)
	for _, a := range o.Ask {
		at := PortAsk{Transport: a.Transport, Port: a.Port}
		if !a.Protocol.Known(string(a.Transport)) || !slices.Contains(o.Hang.Of(a.Transport), a.Port) || seen[at] {
			return fmt.Errorf("%s %d, %s: not in the list, asked for twice, or no known protocol", a.Transport, a.Port, a.Protocol)
		}
		seen[at] = true
	}
	return nil
}

func (l PortList) check() error {
	switch n := l.Len(); {
	case l.ID == 0:
		return errors.New("a list of ports needs an id")
	case n == 0 || n > MaxPorts:
		return fmt.Errorf("%d ports: want 1 to %d", n, MaxPorts)
	}
	for _, list := range [][]uint16{l.TCP, l.UDP} {
		seen := make(map[uint16]bool)
		for _, port := range list {
			if port == 0 || seen[port] {
				return fmt.Errorf("port %d is none, or named twice", port)
			}
			seen[port] = true
		}
	}
	return nil
}

// KnockAt knocks at the ports of a remote address, some of them side by side, and
// returns a ledger for each.
func (l PortList) KnockAt(ctx context.Context, k knock.Knocker, remote netip.Addr) []knock.Knocked {
	out := make([]knock.Knocked, l.Len())
	room := make(chan struct{}, PortsAtOnce)
	var wg sync.WaitGroup
	for i := range out {
		t, port := knock.TCP, uint16(0)
		if i < len(l.TCP) {
			port = l.TCP[i]
		} else {
			t, port = knock.UDP, l.UDP[i-len(l.TCP)]
		}
		room <- struct{}{}
		wg.Go(func() {
			out[i] = k.At(ctx, t, netip.AddrPortFrom(remote, port))
			<-room
		})
	}
	wg.Wait()
	return out
}

// FetchPorts reads the record of a list of ports, and waits for it.
func (l *Link) FetchPorts(ctx context.Context, id uint32) (PortRecord, error) {
	var record PortRecord
	err := l.fetch(ctx, Fetch{Ports: id, HoldMs: int(MaxHold.Milliseconds())}, &record, func() {})
	return record, err
}
