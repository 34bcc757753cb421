package sipprobe

import (
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// FuzzRoutes feeds the Record-Route of strangers to what the requests of a call follow.
func FuzzRoutes(f *testing.F) {
	for _, seed := range []string{"<sip:192.0.2.1;lr>", "<sip:a@[2001:db8::1]:5070;transport=tcp;lr>;x=y, \"A, B\" <sip:p.example>", "<tel:1>", "<sip:>", "sip:a", "<<sip:x>>", "<sip:1.2.3.4:99999;lr>"} {
		f.Add(seed)
	}
	e := &Endpoint{cfg: EndpointConfig{Transport: UDP}, book: newBook()}
	f.Fuzz(func(t *testing.T, value string) {
		msg, err := sip.ParseMessage([]byte("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKa\r\nRecord-Route: " + value +
			"\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.9>\r\nContent-Length: 0\r\n\r\n"))
		req, ok := msg.(*sip.Request)
		if err != nil || !ok {
			return
		}
		for _, caller := range []bool{false, true} {
			set := routesOf(req, caller)
			if to := set.address(UDP); to.IsValid() && !usable(to) {
				t.Errorf("would send to %v", to)
			}
			d := draft{method: "BYE", to: "<sip:a@b>;tag=1", from: "<sip:c@d>;tag=2", callID: "x", cseq: 2, branch: "z9hG4bKb"}
			d.uri, d.route = set.guide("sip:a@192.0.2.9")
			if d.check() != nil {
				t.Errorf("a line end in %q", set)
			}
			if n := strings.Count(string(e.render(d)), "\r\n"); n != 12+len(d.route) {
				t.Errorf("%d lines with %q", n, d.route)
			}
		}
	})
}
