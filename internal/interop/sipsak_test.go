package interop_test

import (
	"strings"
	"testing"

	"bothways/internal/responder"
	"bothways/sipprobe"
)

func TestSipsakIsAnswered(t *testing.T) {
	t.Parallel()
	sipsak := peer(t, "sipsak", "sipsak")
	for _, row := range []struct {
		name   string
		change func(*responder.Config)
		want   string
	}{
		{"without the key", nil, "SIP/2.0 401"}, // sipsak cannot answer it: it knows no SHA-256
		{"where anyone is answered", answerAnyone, "SIP/2.0 200"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t, row.change)
			out, status := run(t, sipsak, "-vvv", "-s", "sip:x@"+addressOf(r, sipprobe.UDP).String())
			if !strings.Contains(out, row.want) || (status == 0) != (row.change != nil) {
				t.Errorf("exit status %d, want %q in:\n%s", status, row.want, out)
			}
		})
	}
}
