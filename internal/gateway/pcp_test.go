package gateway_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/gateway"
	"bothways/internal/network"
)

// pcp answers a request with a result and an address.
func pcp(q []byte, result byte, wan string) []byte {
	a := bytes.Clone(q)
	clear(a[2:24])
	a[1], a[3] = a[1]|128, result
	a[7] = 10
	outside := netip.MustParseAddr(wan).As16()
	copy(a[44:60], outside[:])
	return a
}

// asked holds a request against RFC 6887.
func asked(t *testing.T, q []byte) (opcode byte, seconds uint32) {
	t.Helper()
	size := map[byte]int{1: 60, 2: 80}
	if len(q) < 24 || q[0] != 2 || len(q) != size[q[1]] {
		t.Fatalf("% x", q)
	}
	own, _ := netip.AddrFromSlice(q[8:24])
	if own.Unmap() != loopback || q[36] != 17 || binary.BigEndian.Uint16(q[40:]) == 0 || binary.BigEndian.Uint16(q[42:]) != 0 {
		t.Errorf("% x", q)
	}
	if peer := netip.AddrFrom16([16]byte(q[len(q)-16:])); q[1] == 2 && peer.Unmap() != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("peer %s", peer)
	}
	return q[1], binary.BigEndian.Uint32(q[4:])
}

func TestPCP(t *testing.T) {
	t.Parallel()
	type answers func(q []byte, opcode byte, seconds uint32) []byte
	for name, row := range map[string]struct {
		answers answers
		outcome string
		wan     string
		want    string // opcodes that are asked; "x" is the deletion of a mapping
	}{
		"a peer's mapping": {func(q []byte, _ byte, _ uint32) []byte { return pcp(q, 0, "100.64.0.10") }, "told", "100.64.0.10", "2"},
		"no peers": {func(q []byte, opcode byte, _ uint32) []byte {
			if opcode == 2 {
				return pcp(q, 4, "0.0.0.0")[:24]
			}
			return pcp(q, 0, "100.64.0.10")
		}, "told", "100.64.0.10", "21x"},
		"no mappings either": {func(q []byte, _ byte, _ uint32) []byte { return pcp(q, 4, "0.0.0.0")[:24] }, "refused", "", "21x"},
		"not authorised":     {func(q []byte, _ byte, _ uint32) []byte { return pcp(q, 2, "0.0.0.0") }, "refused", "", "21x"},
		"no address":         {func(q []byte, _ byte, _ uint32) []byte { return pcp(q, 0, "0.0.0.0") }, "refused", "", "2"},
		"another's nonce": {func(q []byte, _ byte, _ uint32) []byte {
			a := pcp(q, 0, "100.64.0.10")
			a[24]++
			return a
		}, "silent", "", "2"},
		"cut":     {func(q []byte, _ byte, _ uint32) []byte { return pcp(q, 0, "100.64.0.10")[:60] }, "silent", "", "2"},
		"silence": {func([]byte, byte, uint32) []byte { return nil }, "silent", "", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			questions := make(chan byte, 64)
			at := router(t, func(q []byte) []byte {
				opcode, seconds := asked(t, q)
				if seconds == 0 {
					questions <- 'x'
				} else {
					questions <- '0' + opcode
				}
				return row.answers(q, opcode, seconds)
			})
			wan, err := gateway.AskPCP(ctx, network.Host{}, at)
			check(t, gateway.Answer(evidence.PCP, wan, err), row.outcome, row.wan)
			var got []byte
			for len(questions) > 0 {
				if q := <-questions; len(got) == 0 || got[len(got)-1] != q {
					got = append(got, q)
				}
			}
			if string(got) != row.want {
				t.Errorf("asked %s, want %s", got, row.want)
			}
		})
	}
}

// TestPCPOnly: a router that speaks nothing older says so when it is asked by NAT-PMP.
func TestPCPOnly(t *testing.T) {
	t.Parallel()
	at := router(t, func([]byte) []byte { return append([]byte{2, 128, 0, 1}, make([]byte, 20)...) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := gateway.AskNATPMP(ctx, network.Host{}, at); !errors.Is(err, gateway.ErrPCPOnly) {
		t.Error(err)
	}
}
