package natprobe

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/pion/stun/v3"
)

// Defaults and bounds of a probe.
const (
	// DefaultTries is how many requests are sent before silence is silence.
	DefaultTries = 5
	// DefaultInterval is the pause between two of them; after the last it is doubled.
	DefaultInterval = 250 * time.Millisecond
	// MaxRequests bounds what one probe asks for.
	MaxRequests = 32
)

// A Request is one question to one destination.
type Request struct {
	To     netip.AddrPort
	Change Change
	// Server names a server of somebody else. It gets no credentials, and where it says
	// that it has another address, the test makes use of that (RFC 5780).
	Server string
}

// Plan are the questions of a test to servers that share the key: for mapping one to
// each, for filtering all to the first, with the changes of which it is capable.
func Plan(test Test, to []netip.AddrPort, changes ...Change) []Request {
	var out []Request
	for i, dst := range to {
		if test == MappingTest || i == 0 {
			out = append(out, Request{To: dst})
		}
	}
	for _, c := range changes {
		if test == FilteringTest && len(to) > 0 {
			out = append(out, Request{To: to[0], Change: c})
		}
	}
	return out
}

// Config says what to ask from one socket.
type Config struct {
	Credentials
	// Conn is the caller's, who must not read from it meanwhile.
	Conn net.PacketConn
	// Test is what the socket is for; "" is MappingTest.
	Test     Test
	Requests []Request
	// Tries and Interval are how often a question is asked; 0 is the default.
	Tries    int
	Interval time.Duration
}

// A probe is one socket's questions, under way.
type probe struct {
	Config
	result Result
	asked  map[[stun.TransactionIDSize]byte]asked
}

// asked is one packet that was sent.
type asked struct {
	exchange int
	at       time.Time
}

// Probe asks each question until it is answered or was asked often enough, one after
// the other. An error means that the socket could not be read; what was recorded until
// then is returned with it, as it is when ctx ends.
func Probe(ctx context.Context, cfg Config) (Result, error) {
	if cfg.Tries == 0 {
		cfg.Tries = DefaultTries
	}
	if cfg.Interval == 0 {
		cfg.Interval = DefaultInterval
	}
	p := &probe{Config: cfg, asked: make(map[[stun.TransactionIDSize]byte]asked)}
	if p.Test == "" {
		p.Test = MappingTest
	}
	p.result = Result{Local: unmapped(cfg.Conn.LocalAddr()), Test: p.Test, Exchanges: []Exchange{}}
	defer wake(ctx, cfg.Conn)()
	for next := 0; next < len(p.Requests) && next < MaxRequests; next++ {
		if err := p.ask(ctx, p.Requests[next]); err != nil {
			return p.result, err
		}
	}
	return p.result, nil
}

// wake ends reads when ctx does, until the function is called that it returns.
func wake(ctx context.Context, conn net.PacketConn) (stop func()) {
	woken := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(woken)
		conn.SetReadDeadline(time.Unix(1, 0))
	})
	return func() {
		if !cancel() {
			<-woken
		}
		conn.SetReadDeadline(time.Time{})
	}
}

// ask asks one question.
func (p *probe) ask(ctx context.Context, r Request) error {
	i := len(p.result.Exchanges)
	p.result.Exchanges = append(p.result.Exchanges, Exchange{To: r.To, Server: r.Server, Change: r.Change})
	wait := p.Interval
	for try := range p.Tries {
		p.send(i, r)
		if try == p.Tries-1 {
			wait *= 2
		}
		if err := p.await(ctx, i, time.Now().Add(wait)); err != nil {
			return err
		}
		if p.settled(i) {
			break
		}
	}
	p.follow(i)
	return nil
}

func (p *probe) settled(i int) bool {
	x := p.result.Exchanges[i]
	return x.Answered() || x.Refused != 0
}

func (p *probe) send(i int, r Request) {
	var id [stun.TransactionIDSize]byte
	rand.Read(id[:])
	cred := p.Credentials
	if r.Server != "" {
		cred = Credentials{}
	}
	x := &p.result.Exchanges[i]
	data, err := request(id, r.Change, cred)
	if err == nil {
		p.asked[id] = asked{exchange: i, at: time.Now()}
		_, err = p.Conn.WriteTo(data, net.UDPAddrFromAddrPort(r.To))
	}
	if err != nil {
		x.Error = err.Error()
		return
	}
	x.Sent++
}

// await reads until a time, or until a question is settled.
func (p *probe) await(ctx context.Context, i int, until time.Time) error {
	buf := make([]byte, 2048)
	for !p.settled(i) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.Conn.SetReadDeadline(until); err != nil {
			return err
		}
		if ctx.Err() != nil { // it ended between the two
			return ctx.Err()
		}
		n, from, err := p.Conn.ReadFrom(buf)
		switch {
		case err == nil:
			p.take(buf[:n], unmapped(from))
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, net.ErrClosed):
			return err
		case !time.Now().Before(until):
			return nil
		}
	}
	return nil
}

// take files an answer with its question, which may be an earlier one.
func (p *probe) take(data []byte, from netip.AddrPort) {
	m, ok := parse(data)
	if !ok {
		return
	}
	q, ok := p.asked[m.TransactionID]
	if !ok {
		return
	}
	x := &p.result.Exchanges[q.exchange]
	if x.Server == "" && !p.valid(m) || x.Answered() {
		return
	}
	switch m.Type {
	case stun.BindingSuccess:
		mapped, ok := mappedIn(m)
		if !ok {
			return
		}
		x.Mapped, x.From, x.RTTMS = &mapped, &from, new(float64(time.Since(q.at).Microseconds())/1000)
		if other, ok := otherIn(m); ok {
			x.Other = &other
		}
	case stun.BindingError:
		var code stun.ErrorCodeAttribute
		if code.GetFrom(m) == nil {
			x.Refused = int(code.Code)
		}
	}
}

// follow adds the questions that a server of somebody else makes possible by naming
// its other address.
func (p *probe) follow(i int) {
	x := p.result.Exchanges[i]
	if x.Server == "" || x.Change != NoChange || x.Other == nil {
		return
	}
	other := *x.Other
	for _, y := range p.result.Exchanges[:i] {
		if y.Server == x.Server && y.Other != nil {
			return // that was its other address
		}
	}
	if other.Addr().Is4() != x.To.Addr().Is4() || !other.Addr().IsGlobalUnicast() || other.Addr() == x.To.Addr() || other.Port() == x.To.Port() {
		return
	}
	more := []Request{{To: x.To, Change: ChangeBoth, Server: x.Server}, {To: x.To, Change: ChangePort, Server: x.Server}}
	if p.Test == MappingTest {
		more = []Request{
			{To: netip.AddrPortFrom(x.To.Addr(), other.Port()), Server: x.Server},
			{To: netip.AddrPortFrom(other.Addr(), x.To.Port()), Server: x.Server}, {To: other, Server: x.Server},
		}
	}
	at := i + 1
	p.Requests = append(append(append([]Request(nil), p.Requests[:at]...), more...), p.Requests[at:]...)
}
