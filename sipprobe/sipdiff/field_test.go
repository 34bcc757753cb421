package sipdiff

import "testing"

// TestFieldIsOneOfFields asks for each field of a message by its name.
func TestFieldIsOneOfFields(t *testing.T) {
	const head, sdp = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK2\r\n" +
		"From: <sip:a@192.0.2.1>;tag=1\r\nTo: \"B\" <sip:b@192.0.2.9:5062>\r\nCSeq: 1 INVITE\r\nX-Odd: what\r\nno header\r\n", "v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n"
	for _, start := range []string{"INVITE sip:b@192.0.2.9 SIP/2.0\r\n", "SIP/2.0 200 OK\r\n", "neither\r\n", ""} {
		m := Parse([]byte(start + head + "Content-Type: application/sdp\r\n\r\n" + sdp))
		seen := make(map[string]bool)
		for _, f := range m.Fields() {
			if got, ok := m.Field(f.Name); !ok || !seen[f.Name] && got != f.Value {
				t.Errorf("%q: %s is %q, %t; want %q", start, f.Name, got, ok, f.Value)
			}
			seen[f.Name] = true
		}
		if got, ok := m.Field("Via[7] branch"); ok || len(seen) < 15 {
			t.Errorf("%q: %q of %d fields", start, got, len(seen))
		}
	}
}
