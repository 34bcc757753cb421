package sipprobe

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Shown says what became of one form at the end that sent it. What arrived of it is
// on the far end's tape.
type Shown struct {
	Form string `json:"form"`
	// Token marks the request and its answers, as for any other probe.
	Token string `json:"token"`
	// Copies counts how often the request was sent, 0 when it could not be.
	Copies int `json:"copies"`
	// Status is that of the first answer; 0 is silence. Any answer will do: the far
	// end does not have to like what it was shown.
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Bounds of showing all forms.
const (
	showPause  = 20 * time.Millisecond // between two forms over UDP
	showSilent = 3                     // forms without an answer after which a connection is given up
)

// ShowAll shows every form, each under the target's token with its name at the end:
// over UDP side by side, over a connection one after the other. A form that could not
// be shown any more is there with no copies.
func (e *Endpoint) ShowAll(ctx context.Context, to Target, private netip.Addr) []Shown {
	forms := Forms()
	out := make([]Shown, len(forms))
	one := func(i int) {
		to := to
		to.Token += "-" + forms[i].Name
		out[i] = e.Show(ctx, to, forms[i], private)
	}
	if e.cfg.Transport != UDP {
		for i, silent := 0, 0; i < len(forms); i++ {
			if silent == showSilent {
				out[i] = Shown{Form: forms[i].Name, Token: to.Token + "-" + forms[i].Name, Error: errNoAnswer.Error() + " to those before"}
				continue
			}
			if one(i); out[i].Status == 0 {
				silent++
			}
		}
		return out
	}
	var wg sync.WaitGroup
	for i := range forms {
		wg.Go(func() {
			start := time.NewTimer(time.Duration(i) * showPause)
			defer start.Stop()
			select {
			case <-start.C:
			case <-ctx.Done():
			}
			one(i)
		})
	}
	wg.Wait()
	return out
}

// showWait is how long an answer may take after the last copy.
const showWait = time.Second

// Show sends one form to a peer as it stands, without a transaction: over UDP up to
// three times, until any answer comes. Private is the address that private forms
// name; invalid where the sender has no other than its public one.
func (e *Endpoint) Show(ctx context.Context, to Target, f Form, private netip.Addr) Shown {
	out := Shown{Form: f.Name, Token: to.Token}
	if err := to.check(); err != nil {
		out.Error = err.Error()
		return out
	}
	text := e.formText(to, f, private)
	answer, ok := e.book.listenFor(text.branch())
	if !ok {
		out.Error = errTokenInUse.Error()
		return out
	}
	defer e.book.unlisten(text.branch())
	pauses := []time.Duration{showWait}
	if e.cfg.Transport == UDP {
		pauses = []time.Duration{timerT1, 2 * timerT1, showWait}
	}
	for _, pause := range pauses {
		if err := e.post(to.Peer, text.bytes()); err != nil {
			out.Error = err.Error()
			return out
		}
		out.Copies++
		wait := time.NewTimer(pause)
		select {
		case out.Status = <-answer:
			wait.Stop()
			return out
		case <-ctx.Done():
			wait.Stop()
			return out
		case <-wait.C:
		}
	}
	return out
}

func (e *Endpoint) formText(to Target, f Form, private netip.Addr) formText {
	public := e.advertised(to.Peer)
	uri := "sip:bothways@" + to.host()
	if e.cfg.Transport != UDP {
		uri += ";transport=" + string(e.cfg.Transport)
	}
	return formText{
		Form: f, transport: e.cfg.Transport, uri: uri, token: to.Token, software: e.software(),
		public: public, private: netip.AddrPortFrom(private, e.localFor(to.Peer).Port()),
	}
}

// post writes one message as it stands, taped like every other.
func (e *Endpoint) post(peer netip.AddrPort, data []byte) error {
	if e.ctx.Err() != nil {
		return errEnded
	}
	if e.cfg.Transport == UDP {
		_, err := e.packets.WriteTo(data, net.UDPAddrFromAddrPort(peer))
		return err
	}
	c := e.queue.to(peer)
	if c == nil {
		return errConnClosed
	}
	_, err := c.Write(data)
	return err
}

// listenFor waits for the first answer to a request that has no transaction; false
// when its branch is taken.
func (b *book) listenFor(branch string) (<-chan int, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shows[branch] != nil {
		return nil, false
	}
	answer := make(chan int, 1)
	b.shows[branch] = answer
	return answer, true
}

func (b *book) unlisten(branch string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.shows, branch)
}

// answered reports whether a response is for such a request, and passes its status on.
func (b *book) answered(branch string, status int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	answer, ok := b.shows[branch]
	if ok {
		select {
		case answer <- status:
		default: // an answer to an earlier copy
		}
	}
	return ok
}
