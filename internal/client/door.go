package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// A guest is a responder that has dialled in and proven the key.
type guest struct {
	endpoint    *sipprobe.Endpoint
	local, peer netip.AddrPort
	presence    pairing.Presence
}

// A door is where a responder may dial in. It lets one in, and that one again when
// its connection was lost.
type door struct {
	endpoints []*sipprobe.Endpoint

	mu    sync.Mutex
	guest guest
	met   bool          // the guest is paired with: no other is let in
	came  chan struct{} // closed when somebody comes, and made anew
	times int           // that the guest has dialled
}

func newDoor() *door { return &door{came: make(chan struct{})} }

// answer answers what says that it is a responder. The guard has seen to it that it
// holds the key and speaks this version.
func (d *door) answer(in *sipprobe.Incoming) {
	var reply pairing.Reply
	p, err := pairing.DecodePresence(in.Body)
	switch {
	case err != nil:
		reply.Error = "cannot read who is there: " + err.Error()
	case !in.Authenticated() || !d.admits(in, p):
		reply.Error = "the client is paired with another responder"
	}
	data, err := pairing.Encode(reply)
	if err != nil {
		in.Reply(500, "Server Internal Error", sipprobe.Body{})
		return
	}
	err = in.Reply(200, "OK", sipprobe.Body{Type: pairing.ContentType, Encoding: pairing.Encoding, Data: data})
	if err == nil && reply.Error == "" {
		d.enter(guest{endpoint: in.Endpoint, local: in.Local, peer: in.Source, presence: p})
	}
}

// admits lets one in while nobody is there, and once paired only that one.
func (d *door) admits(in *sipprobe.Incoming, p pairing.Presence) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.guest
	same := g.endpoint == in.Endpoint && g.presence.Instance == p.Instance
	return same || !d.met && !g.there()
}

func (g guest) there() bool { return g.endpoint != nil && g.endpoint.Connected(g.peer) }

// enter notes where the guest is now, and closes a connection that it has left.
func (d *door) enter(g guest) {
	d.mu.Lock()
	left := d.guest
	if left.peer == g.peer || d.met && left.presence.Instance != g.presence.Instance {
		d.mu.Unlock()
		return
	}
	d.guest = g
	d.times++
	close(d.came)
	d.came = make(chan struct{})
	d.mu.Unlock()
	if left.endpoint != nil {
		left.endpoint.Disconnect(left.peer)
	}
}

// meet waits for a guest who is there.
func (d *door) meet(ctx context.Context) (guest, error) {
	for {
		d.mu.Lock()
		g, came := d.guest, d.came
		there := g.there()
		d.mu.Unlock()
		if there {
			return g, nil
		}
		select {
		case <-came:
		case <-ctx.Done():
			return guest{}, errors.New("the responder has not dialled again")
		}
	}
}

// paired closes the door to all but the guest.
func (d *door) paired() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.met = true
}

// path leads to the guest, wherever it has dialled from.
func (d *door) path() pairing.Path {
	d.mu.Lock()
	defer d.mu.Unlock()
	return pairing.Path{
		Endpoint: d.guest.endpoint,
		Connect: func(ctx context.Context) error {
			_, err := d.meet(ctx)
			return err
		},
		Peer: func() netip.AddrPort {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.guest.peer
		},
	}
}

// redialled is how often the guest has come back.
func (d *door) redialled() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(0, d.times-1)
}

func (d *door) close() {
	for _, e := range d.endpoints {
		e.Close()
	}
}

// theirVersion names the version of a message that was refused for it.
func theirVersion(message []byte) string {
	for line := range strings.Lines(string(message)) {
		name, value, _ := strings.Cut(line, ":")
		if v := pairing.ProtocolOf(value); v != 0 && strings.EqualFold(strings.TrimSpace(name), "Content-Type") {
			return fmt.Sprintf("version %d of the protocol, this client version %d", v, pairing.Protocol)
		}
	}
	return "no version of the protocol"
}
