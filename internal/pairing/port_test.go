package pairing_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothways/internal/knock"
	"bothways/internal/pairing"
)

// TestPortOrdersOutOfBounds decodes orders that nobody should give.
func TestPortOrdersOutOfBounds(t *testing.T) {
	many := make([]uint16, pairing.MaxPorts+1)
	for i := range many {
		many[i] = uint16(i + 1)
	}
	for _, row := range []struct {
		order pairing.PortOrder
		want  string
	}{
		{pairing.PortOrder{}, "says nothing"},
		{pairing.PortOrder{Hang: &pairing.PortList{ID: 1}}, "0 ports"},
		{pairing.PortOrder{Hang: &pairing.PortList{TCP: []uint16{443}}}, "needs an id"},
		{pairing.PortOrder{Hang: &pairing.PortList{ID: 1, TCP: many}}, "65 ports"},
		{pairing.PortOrder{Knock: &pairing.PortList{ID: 1, TCP: many[:40], UDP: many[:40]}}, "80 ports"},
		{pairing.PortOrder{Knock: &pairing.PortList{ID: 1, UDP: []uint16{0}}}, "port 0"},
		{pairing.PortOrder{Hang: &pairing.PortList{ID: 1, UDP: []uint16{9, 9}}}, "named twice"},
		{asking("pbx", pairing.PortAsk{Transport: "tcp", Port: 10, Protocol: "http"}), "not in the list"},
		{asking("pbx", pairing.PortAsk{Transport: "udp", Port: 9, Protocol: "sip"}), "not in the list"},
		{asking("pbx", pairing.PortAsk{Transport: "tcp", Port: 9, Protocol: "ntp"}), "no known protocol"},
		{asking("pbx", pairing.PortAsk{Transport: "tcp", Port: 9, Protocol: "tls"}, pairing.PortAsk{Transport: "tcp", Port: 9, Protocol: "sip"}), "asked for twice"},
		{asking("pbx\r\nX: y", pairing.PortAsk{Transport: "tcp", Port: 9, Protocol: "http"}), "a host name or an address"},
		{asking("pbx", pairing.PortAsk{Transport: "tcp", Port: 9, Protocol: "http"}), ""},
		{pairing.PortOrder{TakeDown: true}, ""},
		{pairing.PortOrder{Hang: &pairing.PortList{ID: 1, TCP: []uint16{9}, UDP: []uint16{9}}}, ""},
	} {
		data, err := pairing.Encode(pairing.Order{Run: "abc", Port: &row.order})
		if err != nil {
			t.Fatal(err)
		}
		_, err = pairing.DecodeOrder(data)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%+v: %v, want %q", row.order, err, row.want)
		}
	}
}

// asking is an order for a bell at TCP 9 that says what is spoken there.
func asking(name string, asks ...pairing.PortAsk) pairing.PortOrder {
	return pairing.PortOrder{Hang: &pairing.PortList{ID: 1, TCP: []uint16{9}}, Ask: asks, Name: name}
}

func TestPortList(t *testing.T) {
	var l pairing.PortList
	for _, port := range []uint16{443, 80, 443} {
		l.Add(knock.TCP, port)
	}
	l.Add(knock.UDP, 443)
	if diff := cmp.Diff(pairing.PortList{TCP: []uint16{443, 80}, UDP: []uint16{443}}, l); diff != "" || l.Len() != 3 {
		t.Errorf("%d ports: %s", l.Len(), diff)
	}
}

func TestKnockKeyIsItsOwn(t *testing.T) {
	a := pairing.KnockKey("key", "run")
	for _, other := range [][]byte{pairing.KnockKey("key", "run2"), pairing.KnockKey("key2", "run"), pairing.MediaKey("key", "run")} {
		if bytes.Equal(a, other) {
			t.Error("two keys are alike")
		}
	}
}
