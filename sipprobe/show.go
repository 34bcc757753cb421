package sipprobe

import (
	"context"
	"net/netip"
	"slices"
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
// over UDP side by side, and what drew no answer once more when all others are through,
// since a path that is interrupted for a moment loses all copies of a form as one that
// is blocked; over a connection one after the other. A form that could not be shown any
// more is there with no copies.
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
	beside(ctx, len(forms), one)
	e.showAgain(ctx, to, out, private)
	return out
}

// againSuffix ends the token of a form that is shown once more although it was answered.
const againSuffix = "-again"

// showAgain shows what drew no answer once more, and with it a form that did: what
// becomes of that one tells a path that is down from one that swallows the others.
func (e *Endpoint) showAgain(ctx context.Context, to Target, out []Shown, private netip.Addr) {
	forms := Forms()
	answered := slices.IndexFunc(out, func(s Shown) bool { return s.Status != 0 })
	var silent []int
	for i, s := range out {
		if s.Status == 0 && s.Error == "" {
			silent = append(silent, i)
		}
	}
	once := func(i int, token string) Shown {
		to := to
		to.Token = token
		return e.show(ctx, to, forms[i], private, []time.Duration{timerT1, showWait})
	}
	if len(silent) == 0 {
		return
	}
	beside(ctx, len(silent)+1, func(n int) {
		switch {
		case n > 0:
			s := &out[silent[n-1]]
			late := once(silent[n-1], s.Token)
			s.Copies, s.Status, s.Error = s.Copies+late.Copies, late.Status, late.Error
		case answered >= 0:
			once(answered, out[answered].Token+againSuffix)
		}
	})
}

// beside runs what is numbered side by side, each a pause after the one before.
func beside(ctx context.Context, n int, one func(int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			select {
			case <-time.After(time.Duration(i) * showPause):
			case <-ctx.Done():
			}
			one(i)
		})
	}
	wg.Wait()
}

// showWait is how long an answer may take after the last copy.
const showWait = time.Second

// Show sends one form to a peer as it stands, without a transaction: over UDP up to
// three times, until any answer comes. Private is the address that private forms
// name; invalid where the sender has no other than its public one.
func (e *Endpoint) Show(ctx context.Context, to Target, f Form, private netip.Addr) Shown {
	return e.show(ctx, to, f, private, e.pauses(showWait))
}

func (e *Endpoint) show(ctx context.Context, to Target, f Form, private netip.Addr, pauses []time.Duration) Shown {
	out := Shown{Form: f.Name, Token: to.Token}
	if err := to.check(); err != nil {
		out.Error = err.Error()
		return out
	}
	text := e.formText(to, f, private)
	p := e.hold(ctx, to.Peer, text.branch(), text.bytes(), pauses)
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
