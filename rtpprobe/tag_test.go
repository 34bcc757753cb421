package rtpprobe_test

import (
	"encoding/hex"
	"testing"

	"bothways/rtpprobe"
)

func TestTag(t *testing.T) {
	key := []byte("key")
	tag := rtpprobe.NewTag(key, "call-1", "inbound")
	// printf '\0\0\0\6call-1\0\0\0\7inbound' | openssl dgst -sha256 -hmac key
	if got := hex.EncodeToString(tag[:]); got != "efe51f510d47d9ac" {
		t.Errorf("the tag is %s", got)
	}
	for name, other := range map[string]rtpprobe.Tag{
		"other key":       rtpprobe.NewTag([]byte("kez"), "call-1", "inbound"),
		"other direction": rtpprobe.NewTag(key, "call-1", "outbound"),
		"moved border":    rtpprobe.NewTag(key, "call-1i", "nbound"),
		"no labels":       rtpprobe.NewTag(key),
	} {
		if tag.Matches(other[:]) {
			t.Errorf("%s: same tag", name)
		}
	}
	if !tag.Matches(tag[:]) || tag.Matches(tag[:7]) || tag.Matches(nil) {
		t.Error("Matches does not compare")
	}
}
