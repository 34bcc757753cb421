package resolve

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A NAPTR is one record (RFC 3403 section 4).
type NAPTR struct {
	Order      uint16 `json:"order"`
	Preference uint16 `json:"preference"`
	Flags      string `json:"flags"`
	Service    string `json:"service"`
	Regexp     string `json:"regexp,omitempty"`
	// Replacement is the next name to ask for, without its last dot.
	Replacement string `json:"replacement"`
	TTLSeconds  uint32 `json:"ttl_seconds"`
}

// Of questions for NAPTR: their type (RFC 3403), what an answer over UDP may hold, how
// long one server is given, and how many are asked.
const (
	typeNAPTR  dnsmessage.Type = 35
	maxDNS                     = 4096
	serverTime                 = time.Second
	maxServers                 = 2
)

var (
	errNoServers = errors.New("the system does not say which DNS servers it asks")
	errForeign   = errors.New("the answer is not one to the question")
)

// naptr asks for the NAPTR records of a name. An empty list means that there are none.
func (r Resolver) naptr(ctx context.Context, name string) ([]NAPTR, error) {
	servers := r.servers()
	if len(servers) == 0 {
		return nil, errNoServers
	}
	question, id, err := ask(name)
	if err != nil {
		return nil, err
	}
	for _, server := range servers[:min(len(servers), maxServers)] {
		var answer []byte
		if answer, err = r.exchange(ctx, server, question, id); err == nil {
			var out []NAPTR
			if out, err = parse(answer, id); err == nil {
				return out, nil
			}
		}
	}
	return nil, err
}

func ask(name string) (question []byte, id uint16, err error) {
	n, err := dnsmessage.NewName(name + ".")
	if err != nil {
		return nil, 0, err
	}
	id = uint16(rand.Uint32())
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: n, Type: typeNAPTR, Class: dnsmessage.ClassINET}},
	}
	question, err = m.Pack()
	return question, id, err
}

// exchange asks over UDP, and over TCP where the answer was cut.
func (r Resolver) exchange(ctx context.Context, server netip.AddrPort, question []byte, id uint16) ([]byte, error) {
	answer, err := r.over(ctx, "udp", server, question, id)
	var h dnsmessage.Header
	if err == nil {
		var p dnsmessage.Parser
		h, err = p.Start(answer)
	}
	if err == nil && h.Truncated {
		return r.over(ctx, "tcp", server, question, id)
	}
	return answer, err
}

func (r Resolver) over(ctx context.Context, network string, server netip.AddrPort, question []byte, id uint16) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, serverTime)
	defer cancel()
	conn, err := r.dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	conn.SetDeadline(deadline) // before what ends it early
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if network == "tcp" {
		return overTCP(conn, question)
	}
	if _, err := conn.Write(question); err != nil {
		return nil, err
	}
	buf := make([]byte, maxDNS)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, err
		}
		if n >= 2 && binary.BigEndian.Uint16(buf) == id { // else it is late, or forged
			return buf[:n], nil
		}
	}
}

// overTCP has a length before each message (RFC 1035 section 4.2.2).
func overTCP(conn net.Conn, question []byte) ([]byte, error) {
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(question))), question...)); err != nil {
		return nil, err
	}
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return nil, err
	}
	answer := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(conn, answer)
	return answer, err
}

// parse reads an answer. That there is no such name is an answer without records.
func parse(answer []byte, id uint16) ([]NAPTR, error) {
	var p dnsmessage.Parser
	h, err := p.Start(answer)
	switch {
	case err != nil:
		return nil, err
	case h.ID != id || !h.Response:
		return nil, errForeign
	case h.RCode == dnsmessage.RCodeNameError:
		return []NAPTR{}, nil
	case h.RCode != dnsmessage.RCodeSuccess:
		return nil, fmt.Errorf("the DNS server says %s", strings.TrimPrefix(h.RCode.String(), "RCode"))
	}
	if err := p.SkipAllQuestions(); err != nil {
		return nil, err
	}
	out := []NAPTR{}
	for len(out) < maxRecords {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return nil, err
		}
		if h.Type != typeNAPTR {
			if err := p.SkipAnswer(); err != nil {
				return nil, err
			}
			continue
		}
		body, err := p.UnknownResource()
		if err != nil {
			return nil, err
		}
		rec, ok := record(body.Data)
		if !ok {
			return nil, errors.New("a NAPTR record that cannot be read")
		}
		rec.TTLSeconds = h.TTL
		out = append(out, rec)
	}
	slices.SortStableFunc(out, func(a, b NAPTR) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Preference, b.Preference))
	})
	return out, nil
}

// record reads the data of a record. The replacement is not compressed (RFC 3403 section 4.1).
func record(b []byte) (n NAPTR, ok bool) {
	if len(b) < 4 {
		return n, false
	}
	n.Order, n.Preference, b = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]), b[4:]
	for _, field := range []*string{&n.Flags, &n.Service, &n.Regexp} {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return n, false
		}
		*field, b = printable(b[1:1+int(b[0])]), b[1+int(b[0]):]
	}
	var labels []string
	for len(b) > 0 && b[0] != 0 {
		if b[0] > 63 || len(b) < 1+int(b[0]) {
			return n, false
		}
		labels, b = append(labels, printable(b[1:1+int(b[0])])), b[1+int(b[0]):]
	}
	n.Replacement = strings.Join(labels, ".")
	return n, len(b) == 1
}

func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, string(b))
}

const portDNS = 53

// servers are those to ask: the one that is given, else the system's.
func (r Resolver) servers() []netip.AddrPort {
	if r.Server.IsValid() {
		return []netip.AddrPort{r.Server}
	}
	data, err := os.ReadFile("/etc/resolv.conf") // systems without it keep theirs elsewhere
	if err != nil {
		return nil
	}
	return nameservers(string(data))
}

// nameservers reads resolv.conf(5).
func nameservers(text string) (out []netip.AddrPort) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "nameserver" {
			continue
		}
		if a, err := netip.ParseAddr(fields[1]); err == nil {
			out = append(out, netip.AddrPortFrom(a, portDNS))
		}
	}
	return out
}

func (r Resolver) dial(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error) {
	if r.Dial != nil {
		return r.Dial(ctx, network, server)
	}
	return new(net.Dialer).DialContext(ctx, network, server.String())
}

// system is the resolver for what the system can look up.
func (r Resolver) system() *net.Resolver {
	if !r.Server.IsValid() {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return r.dial(ctx, network[:3], r.Server)
	}}
}
