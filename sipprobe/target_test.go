package sipprobe

import (
	"net/netip"
	"strings"
	"testing"
)

func TestTargetUser(t *testing.T) {
	t.Parallel()
	for user, good := range map[string]bool{
		"": true, "100": true, "+4989123": true, "*98#": true, "first.last": true, "a_b-c": true,
		"a b": false, "a@b": false, "a:secret": false, "a;b": false, "a>": false, "a\r\nX: y": false, "100%": false, strings.Repeat("1", 129): false,
	} {
		to := Target{Peer: netip.MustParseAddrPort("192.0.2.1:5060"), User: user, Token: "t"}
		if err := to.check(); (err == nil) != good {
			t.Errorf("%q: %v", user, err)
		}
	}
	e := &Endpoint{cfg: EndpointConfig{Transport: UDP, User: "me"}, book: newBook()}
	for user, uri := range map[string]string{"": "sip:me@192.0.2.1:5060", "*98#": "sip:*98#@192.0.2.1:5060"} {
		if d := e.initial("OPTIONS", Target{Peer: netip.MustParseAddrPort("192.0.2.1:5060"), User: user, Token: "t"}); d.uri != uri {
			t.Errorf("%q: %s, want %s", user, d.uri, uri)
		}
	}
}
