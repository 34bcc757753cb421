package sipprobe_test

import (
	"fmt"
	"strings"
	"testing"

	"bothways/sipprobe"

	"github.com/google/go-cmp/cmp"
)

// tcp is a request as it comes over a stream.
func tcp(method, branch string, more ...string) string {
	return strings.Replace(request(method, branch, more...), "SIP/2.0/UDP", "SIP/2.0/TCP", 1)
}

func TestFrameEverySplit(t *testing.T) {
	a, b := tcp("MESSAGE", "a", "body=\r\n\r\nOPTIONS x SIP/2.0\r\n"), strings.Replace(tcp("OPTIONS", "b"), "Content-Length", "l", 1)
	all := "\r\n" + a + "\r\n\r\n" + b
	for cut := range all {
		got, _, pings, _ := sipprobe.Frame([]byte(all[:cut]), []byte(all[cut:]))
		if d := cmp.Diff([]string{a, b}, got); d != "" {
			t.Fatalf("cut at %d: %s", cut, d)
		}
		if pings != 1 {
			t.Errorf("cut at %d: %d pings", cut, pings)
		}
	}
	var bytes [][]byte
	for i := range all {
		bytes = append(bytes, []byte{all[i]})
	}
	got, _, pings, _ := sipprobe.Frame(bytes...)
	if d := cmp.Diff([]string{a, b}, got); d != "" || pings != 1 {
		t.Errorf("byte at a time: %s", d)
	}
}

func TestFrameErrors(t *testing.T) {
	ok := tcp("OPTIONS", "a")
	length := func(v string) string { return strings.Replace(ok, "Content-Length: 0", v, 1) }
	const more = "too large" // the reader ran dry: the framer waits
	for name, row := range map[string]struct{ data, want string }{
		"no length":        {without(ok, "Content-Length"), "Content-Length"},
		"negative":         {length("Content-Length: -1"), "Content-Length"},
		"signed":           {length("Content-Length: +0"), "Content-Length"},
		"words":            {length("Content-Length: some"), "Content-Length"},
		"twice":            {length("Content-Length: 0\r\nl: 5"), "Content-Length"},
		"twice, the same":  {length("Content-Length: 0\r\nContent-Length: 0"), "Content-Length"},
		"huge":             {length("Content-Length: 32768"), "32 KiB"},
		"beyond an int":    {length("Content-Length: 99999999999999999999"), "Content-Length"},
		"body missing":     {length("Content-Length: 5") + "1234", more},
		"endless header":   {"OPTIONS sip:x SIP/2.0\r\nX: " + strings.Repeat("x", sipprobe.MaxMessageBytes), "32 KiB"},
		"endless word":     {strings.Repeat("x", sipprobe.MaxMessageBytes+1), "32 KiB"},
		"HTTP":             {"GET / HTTP/1.1\r\n", "not SIP"},
		"TLS":              {"\x16\x03\x01\x02", "not SIP"},
		"noise":            {"\xff", "not SIP"},
		"SSH":              {"SSH-2.0-OpenSSH_9\r\n", "not SIP"},
		"a space":          {" OPTIONS", "not SIP"},
		"half a word":      {"OPTI", more},
		"half a response":  {"SIP/", more},
		"half a ping":      {"\r\n\r", more},
		"other version":    {"OPTIONS sip:x SIP/3.0\r\n", "not SIP"},
		"response version": {"SIP/3.0 200 OK\r\n", "not SIP"},
	} {
		t.Run(name, func(t *testing.T) {
			got, rest, _, err := sipprobe.Frame([]byte(row.data))
			if len(got) != 0 || !strings.Contains(fmt.Sprint(err), row.want) {
				t.Errorf("%d messages, %v", len(got), err)
			}
			if rest != row.data {
				t.Errorf("%d bytes left, want %d", len(rest), len(row.data))
			}
		})
	}
}

func TestScan(t *testing.T) {
	start, fields, body, err := sipprobe.Scan("OPTIONS sip:x SIP/2.0\r\nv : a,\r\n  b\r\n\tc\r\nX-Y:\r\nno colon\r\n\r\nbody\n")
	want := []sipprobe.Field{{"via", "a, b c", "v : a,\r\n  b\r\n\tc"}, {"x-y", "", "X-Y:"}, {"no colon", "", "no colon"}}
	if d := cmp.Diff(want, fields); d != "" || start != "OPTIONS sip:x SIP/2.0" || body != "body\n" || err != nil {
		t.Errorf("%q %q %v %s", start, body, err, d)
	}
}

// What sipgo could read differently must not come to it.
func TestPlain(t *testing.T) {
	ok := request("OPTIONS", "a")
	if _, _, _, err := sipprobe.Scan(ok); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{
		"no end":        "OPTIONS sip:x SIP/2.0\r\nTo: x\r\n",
		"bare LF":       strings.Replace(ok, "Max-Forwards", "X: y\nMax-Forwards", 1),
		"bare CR":       strings.Replace(ok, "Max-Forwards", "X: y\rMax-Forwards", 1),
		"LF CR":         strings.Replace(ok, "Max-Forwards", "X: y\n\rMax-Forwards", 1),
		"two Call-IDs":  strings.Replace(ok, "Max-Forwards", "i: y\r\nMax-Forwards", 1),
		"two CSeqs":     strings.Replace(ok, "Max-Forwards", "CSEQ : 2 INVITE\r\nMax-Forwards", 1),
		"two lengths":   strings.Replace(ok, "Max-Forwards", "l: 0\r\nMax-Forwards", 1),
		"signed length": strings.Replace(ok, "Content-Length: 0", "Content-Length: +0", 1),
	} {
		if _, _, _, err := sipprobe.Scan(data); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestTagOf(t *testing.T) {
	for value, want := range map[string]string{
		"<sip:a@b>;tag=1": "1", "sip:a@b;tag=2": "2", "<sip:a;tag=no>": "", "\"x;tag=no\" <sip:a> ; TAG = 3 ;x": "3", "<sip:a>;x=tag": "", "": "",
	} {
		if got := sipprobe.TagOf(value); got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}
