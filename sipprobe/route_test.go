package sipprobe_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
)

const proxyAddr = "203.0.113.5:5060"

// routed is where a request of a dialog went, its Request-URI, and its Route values.
type routed struct {
	To, URI string
	Routes  []string
}

// routeRows are the Record-Routes that arrive at an end and what its requests must look
// like then. The far end's Contact is <sip:a@10.0.0.1>, and it is at peerAddr.
var routeRows = map[string]struct {
	record []string
	may    func(netip.AddrPort) bool
	want   routed // of the called end; the calling one has the records in reverse
}{
	"no proxy": {nil, nil, routed{To: "10.0.0.1:5060", URI: "sip:a@10.0.0.1"}},
	"one proxy": {[]string{"Record-Route: <sip:203.0.113.5;lr>"}, nil,
		routed{proxyAddr, "sip:a@10.0.0.1", []string{"<sip:203.0.113.5;lr>"}}},
	"parameters stay": {[]string{"Record-Route: <sip:203.0.113.5:5070;lr=on;ftag=x;did=a.1>"}, nil,
		routed{"203.0.113.5:5070", "sip:a@10.0.0.1", []string{"<sip:203.0.113.5:5070;lr=on;ftag=x;did=a.1>"}}},
	"two proxies": {[]string{"Record-Route: <sip:203.0.113.5;lr>", "Record-Route: <sip:198.51.100.99;lr>"}, nil,
		routed{proxyAddr, "sip:a@10.0.0.1", []string{"<sip:203.0.113.5;lr>", "<sip:198.51.100.99;lr>"}}},
	"two on one line": {[]string{"Record-Route: <sip:203.0.113.5;lr>, <sip:p.example;lr>"}, nil,
		routed{proxyAddr, "sip:a@10.0.0.1", []string{"<sip:203.0.113.5;lr>", "<sip:p.example;lr>"}}},
	"a strict router": {[]string{"Record-Route: <sip:203.0.113.5>", "Record-Route: <sip:198.51.100.99;lr>"}, nil,
		routed{proxyAddr, "sip:203.0.113.5", []string{"<sip:198.51.100.99;lr>", "<sip:a@10.0.0.1>"}}},
	"a proxy with a name": {[]string{"Record-Route: <sip:p.example;lr>"}, nil,
		routed{peerAddr, "sip:a@10.0.0.1", []string{"<sip:p.example;lr>"}}},
	"a proxy that is nobody's friend": {[]string{"Record-Route: <sip:203.0.113.5;lr>"}, func(to netip.AddrPort) bool { return to.String() != proxyAddr },
		routed{peerAddr, "sip:a@10.0.0.1", []string{"<sip:203.0.113.5;lr>"}}},
	"multicast": {[]string{"Record-Route: <sip:224.0.0.1;lr>"}, nil,
		routed{peerAddr, "sip:a@10.0.0.1", []string{"<sip:224.0.0.1;lr>"}}},
	"too many": {slices.Repeat([]string{"Record-Route: <sip:203.0.113.5;lr>"}, 17), nil,
		routed{To: "10.0.0.1:5060", URI: "sip:a@10.0.0.1"}},
}

func TestCalledEndFollowsTheRoute(t *testing.T) {
	for name, row := range routeRows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.endpoint(t, serverAddr, sipprobe.EndpointConfig{MaySend: row.may, Serve: func(in *sipprobe.Incoming) {
					call, _ := in.Accept(t.Context(), "srv", nil)
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					call.Bye(ctx)
				}})
				peer := m.node(peerAddr)
				ok := one(t, peer.say(serverAt, request("INVITE", "a", row.record...)))
				if got, want := values(ok, "Record-Route"), row.record; strings.Join(got, ", ") != strings.ReplaceAll(strings.Join(want, ", "), "Record-Route: ", "") {
					t.Errorf("the answer carries %q of %q", got, want)
				}
				ack := strings.Replace(request("ACK", "k"), "raw-k", "raw-a", 1)
				peer.say(serverAt, strings.Replace(ack, "To: <sip:x@192.0.2.1>", "To: "+field(ok, "To"), 1))
				time.Sleep(2 * time.Second)
				if d := cmp.Diff(row.want, m.routed(t, "BYE")); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

func TestCallerFollowsTheRoute(t *testing.T) {
	for name, row := range routeRows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				peer := m.node(peerAddr)
				client := m.endpoint(t, clientAddr, sipprobe.EndpointConfig{MaySend: row.may})
				go func() {
					call, x := client.Invite(t.Context(), sipprobe.Target{Peer: peer.addr, Token: "t1"}, []byte("v=0\r\n"))
					if call == nil {
						t.Errorf("%+v", x)
						return
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					call.Bye(ctx)
				}()
				synctest.Wait()
				invite := one(t, peer.heard())
				records := slices.Clone(row.record)
				slices.Reverse(records)
				if name == "two on one line" {
					records = []string{"Record-Route: <sip:p.example;lr>, <sip:203.0.113.5;lr>"}
				}
				answer := []string{"SIP/2.0 200 OK", "Via: " + field(invite, "Via"), "From: " + field(invite, "From"), "To: " + field(invite, "To") + ";tag=far",
					"Call-ID: " + field(invite, "Call-ID"), "CSeq: 1 INVITE", "Contact: <sip:a@10.0.0.1>"}
				peer.say(netip.MustParseAddrPort(clientAddr), lines(append(append(answer, records...), "Content-Length: 0", "", "")...))
				time.Sleep(2 * time.Second)
				for _, method := range []string{"ACK", "BYE"} {
					if d := cmp.Diff(row.want, m.routed(t, method)); d != "" {
						t.Errorf("%s: %s", method, d)
					}
				}
			})
		})
	}
}

// routed is the first request of a method that was sent but by a test.
func (m *memory) routed(t *testing.T, method string) routed {
	t.Helper()
	for _, f := range m.flights() {
		if uri, ok := strings.CutPrefix(f.data, method+" "); ok && f.from.String() != peerAddr {
			uri, _, _ = strings.Cut(uri, " ")
			return routed{To: f.to.String(), URI: uri, Routes: values(f.data, "Route")}
		}
	}
	t.Errorf("no %s", method)
	return routed{}
}

// values are those of all header fields of a name.
func values(message, name string) (out []string) {
	for line := range strings.SplitSeq(message, "\r\n") {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			out = append(out, value)
		}
	}
	return out
}
