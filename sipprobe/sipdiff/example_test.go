package sipdiff_test

import (
	"fmt"
	"strings"

	"bothways/sipprobe/sipdiff"
)

// A NAT's SIP helper has exchanged an address and mended the length.
func ExampleCompare() {
	sent := strings.Join([]string{
		"INVITE sip:100@203.0.113.10 SIP/2.0",
		"Via: SIP/2.0/UDP 198.51.100.20:5060;branch=z9hG4bKx;rport",
		"Content-Type: application/sdp",
		"Content-Length: 26",
		"",
		"c=IN IP4 198.51.100.20\r\n\r\n",
	}, "\r\n")
	arrived := strings.NewReplacer("203.0.113.10", "192.168.1.10", "c=IN IP4 198.51.100.20", "c=IN IP4 192.168.1.1", "Length: 26", "Length: 24").Replace(sent)
	for _, c := range sipdiff.Compare([]byte(sent), []byte(arrived)) {
		fmt.Printf("%s: %s → %s\n", c.Field, c.Before, c.After)
	}
	// Output:
	// Request-URI host: 203.0.113.10 → 192.168.1.10
	// Content-Length: 26 → 24
	// SDP session c= address: 198.51.100.20 → 192.168.1.1
}
