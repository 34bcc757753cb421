package sipdiff_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"bothways/sipprobe/sipdiff"
)

// A tortureMessage is one message of RFC 4475 or RFC 5118.
type tortureMessage struct {
	name string
	data []byte
}

// torture reads the messages in testdata, which are written as RFC 4475 section 2
// writes them: <hex>, <repeat> and <allOneLine>. Each begins after a line "-- name --";
// {sdp ADDRESS} stands for the body that many of them share.
func torture(t testing.TB) []tortureMessage {
	t.Helper()
	var out []tortureMessage
	for _, file := range []string{"rfc4475.txt", "rfc5118.txt"} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.TrimSuffix(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
		for _, section := range strings.Split(plain, "\n-- ")[1:] {
			name, message, ok := strings.Cut(section, " --\n")
			if !ok {
				t.Fatalf("%s: %q has no name", file, section)
			}
			out = append(out, tortureMessage{name, expand(t, message+"\n")})
		}
	}
	return out
}

var (
	oneLine  = regexp.MustCompile(`(?s)<allOneLine>\n(.*?)\n</allOneLine>`)
	repeated = regexp.MustCompile(`<repeat count=(\d+)>([^<]*)</repeat>`)
	hexBytes = regexp.MustCompile(`<hex>([0-9A-F]*)</hex>`)
	shared   = regexp.MustCompile(`\{sdp ([0-9.]+)\}`)
)

func expand(t testing.TB, s string) []byte {
	t.Helper()
	s = oneLine.ReplaceAllStringFunc(s, func(m string) string {
		return strings.ReplaceAll(oneLine.FindStringSubmatch(m)[1], "\n", "")
	})
	s = shared.ReplaceAllString(s, "v=0\no=mhandley 29739 7272939 IN IP4 $1\ns=-\nc=IN IP4 $1\nt=0 0\n"+
		"m=audio 49217 RTP/AVP 0 12\nm=video 3227 RTP/AVP 31\na=rtpmap:31 LPC")
	s = strings.ReplaceAll(s, "\n", "\r\n")
	s = repeated.ReplaceAllStringFunc(s, func(m string) string {
		parts := repeated.FindStringSubmatch(m)
		n, _ := strconv.Atoi(parts[1])
		return strings.Repeat(parts[2], n)
	})
	return []byte(hexBytes.ReplaceAllStringFunc(s, func(m string) string {
		raw, err := hex.DecodeString(hexBytes.FindStringSubmatch(m)[1])
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}))
}

func TestTorture(t *testing.T) {
	all := torture(t)
	if len(all) < 60 {
		t.Fatalf("only %d messages", len(all))
	}
	for _, m := range all {
		t.Run(m.name, func(t *testing.T) {
			keeps(t, m.data)
			for cut := range m.data {
				if part := m.data[:cut]; !bytes.Equal(sipdiff.Parse(part).Bytes(), part) {
					t.Fatalf("cut at %d it does not come back", cut)
				}
			}
		})
	}
}

// TestTortureIsNamed holds that the fields of messages at the edge of the grammar are
// read as RFC 4475 means them.
func TestTortureIsNamed(t *testing.T) {
	byName := make(map[string]sipdiff.Message)
	for _, m := range torture(t) {
		byName[m.name] = sipdiff.Parse(m.data)
	}
	tests := []struct{ message, field, want string }{
		{"wsinv", "Via[0] host", "192.0.2.2"},
		{"wsinv", "Via[1] transport", "TCP"},
		{"wsinv", "Via[2] branch", "z9hG4bK30239"},
		{"wsinv", "To tag", "1918181833n"},
		{"wsinv", "From display name", `"J Rosenberg \\\""`},
		{"wsinv", "Contact q", "0.33"},
		{"wsinv", "CSeq method", "INVITE"},
		{"wsinv", "Content-Length", "150"},
		{"wsinv", "SDP session c= address", "192.0.2.4"},
		{"intmeth", "method", "!interesting-Method0123456789_*+`.%indeed'~"},
		{"intmeth", "Via[0] host", "host1.example.com"},
		{"esc01", "Request-URI user", "sips%3Auser%40example.com"},
		{"semiuri", "Request-URI user", "user;par=u%40example.net"},
		{"longreq", "Via[33] host", "host.example.com"},
		{"mpart01", "part[0] Content-Type", "text/plain"},
		{"mpart01", "part[1] Content-Type", "application/octet-stream"},
		{"unreason", "status code", "200"},
		{"noreason", "status reason", ""},
		{"badvers", "request version", "SIP/7.0"},
		{"transports", "Via[3] transport", "UNKNOWN"},
		{"unkscm", "Request-URI scheme", "nobodyKnowsThisScheme"},
		{"ipv6-in-sdp", "SDP session c= address", "2001:db8::20"},
		{"ipv6-good", "Request-URI host", "[2001:db8::10]"},
		{"ipv6-port-ambiguous", "Request-URI host", "[2001:db8::10:5070]"},
		{"ipv6-port-unambiguous", "Request-URI port", "5070"},
		{"ipv6-received-bracketed", "Via[0] received", "[2001:db8::9:255]"},
	}
	for _, tt := range tests {
		if got, ok := byName[tt.message].Field(tt.field); !ok || got != tt.want {
			t.Errorf("%s: %s is %q, %t; want %q", tt.message, tt.field, got, ok, tt.want)
		}
	}
}

// TestCutAnywhere holds that a message of which only the first bytes arrive is one
// change, and that what follows in another message is named.
func TestCutAnywhere(t *testing.T) {
	whole := []byte(invite())
	for cut := 1; cut < len(whole); cut++ {
		c := sipdiff.Compare(whole, whole[:cut])
		if len(c) != 1 || c[0].Kind != sipdiff.Truncated {
			t.Fatalf("cut at %d: %+v", cut, c)
		}
		if c := sipdiff.Compare(whole[:cut], whole); len(c) == 0 {
			t.Fatalf("grown from %d: nothing", cut)
		}
	}
}

// TestLargeMessages holds that no message of the size of a datagram takes long, however
// it is made up: what took the square of its parameters took minutes.
func TestLargeMessages(t *testing.T) {
	const size = 48 << 10
	many := func(before, unit string) string {
		return "OPTIONS sip:x SIP/2.0\r\n" + before + strings.Repeat(unit, size/len(unit))
	}
	via := "Via: SIP/2.0/UDP x" + strings.Repeat(";p", 1000) + "\r\n"
	for name, text := range map[string]string{
		"parameters": many("Via: SIP/2.0/UDP x", ";a"), "uri parameters": many("Contact: <sip:x", ";a=b"), "large vias": many("", via),
		"vias": many("", "v:SIP/2.0/UDP a;b=c\r\n"), "listed": many("Via: SIP/2.0/UDP a", ",SIP/2.0/UDP a;b"), "headers": many("", "a:\r\n"),
		"quotes": many("Contact: x", `"`), "media": many("Content-Type: application/sdp\r\n\r\n", "m=audio 1 RTP/AVP 0\r\n"),
		"lines": many("Content-Type: application/sdp\r\n\r\nv=0\r\n", "a=x\r\n"),
		"parts": many("Content-Type: multipart/mixed;boundary=a\r\n\r\n", "--a\r\nx:y\r\n\r\n"),
	} {
		start := time.Now()
		other := strings.NewReplacer("UDP", "TCP", "x", "y", "a:", "a: z", ";a", ";b", "1 RTP", "2 RTP").Replace(text)
		keeps(t, []byte(text))
		if len(sipdiff.Compare([]byte(text), []byte(other))) == 0 {
			t.Errorf("%s: no difference", name)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s take %v", name, took)
		}
	}
}

func multipartMessage() string {
	body := lines("--b1", "Content-Type: application/sdp", "", "v=0", "c=IN IP4 192.168.1.10", "m=audio 4000 RTP/AVP 0", "", "--b1",
		"Content-Type: text/plain", "", "second", "--b1--", "")
	return lines("INVITE sip:x@192.0.2.1 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKm", `Content-Type: multipart/mixed; boundary="b1"`,
		"Content-Length: "+strconv.Itoa(len(body)), "", body)
}

func TestMultipart(t *testing.T) {
	sent := multipartMessage()
	tests := []struct {
		old, new string
		want     string
	}{
		{"192.168.1.10", "203.0.113.10", "part[0] SDP session c= address"},
		{"audio 4000", "audio 4002", "part[0] SDP media[0] m= port"},
		{"text/plain", "text/PLAIN", "part[1] Content-Type"},
		{"second", "Second", "part[1] body"},
		{"--b1--", "--b1-- ", "text after the parts"},
	}
	for _, tt := range tests {
		got := sipdiff.Compare([]byte(sent), []byte(strings.Replace(sent, tt.old, tt.new, 1)))
		found := false
		for _, c := range got {
			found = found || c.Field == tt.want
		}
		if !found {
			t.Errorf("%s → %s: %+v, want %s", tt.old, tt.new, got, tt.want)
		}
	}
}
