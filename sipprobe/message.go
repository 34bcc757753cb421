package sipprobe

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"

	"github.com/emiago/sipgo/sip"
)

// headers is what requests and responses have in common.
type headers interface{ GetHeader(name string) sip.Header }

func headerValue(m headers, name string) string {
	if h := m.GetHeader(name); h != nil {
		return h.Value()
	}
	return ""
}

func statusText(code int) string { return strconv.Itoa(code) }

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b)
	return hex.EncodeToString(b)
}
