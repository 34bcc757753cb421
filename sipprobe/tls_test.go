package sipprobe_test

import (
	"crypto/tls"
	"testing"

	"bothways/internal/network"
)

func serverTLS(t testing.TB) *tls.Config {
	t.Helper()
	pair, err := network.SelfSigned("somebody", nil)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}
