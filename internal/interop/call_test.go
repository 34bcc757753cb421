package interop_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"bothways/internal/diagnosis"
	"bothways/rtpprobe"
)

// TestCallCommandCallsBaresip has the command call a phone, as people do.
func TestCallCommandCallsBaresip(t *testing.T) {
	t.Parallel()
	p := startPhone(t, loopback, rtpprobe.OutboundTone, rtpprobe.PCMU)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "call", fmt.Sprintf("sip:phone@%s;transport=tcp", p.at), "--talk", "8s", "--json", "--rtp", "22000-22399")
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.Output()
	var got diagnosis.Peer
	if bad := json.Unmarshal(out, &got); err != nil || bad != nil {
		t.Fatalf("%v, %v:\n%s", err, bad, out)
	}
	if got.Verdict != diagnosis.Pass || got.Call.Media.Received.ToneHeardMS < 7000 {
		t.Errorf("%s: %s\n%+v", got.Verdict, got.Summary, got.Call.Media)
	}
	if heard, recorded := p.hears(t, rtpprobe.InboundTone, 7*time.Second); heard < 7*time.Second {
		t.Errorf("the phone heard %v of this end's tone in %v", heard, recorded)
	}
}
