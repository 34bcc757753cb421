package sipprobe

import (
	"context"
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
	p := e.hold(ctx, to.Peer, text.branch(), text.bytes(), e.pauses(showWait))
	out.Copies, out.Status, out.Error = p.copies, p.status, p.failure()
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
