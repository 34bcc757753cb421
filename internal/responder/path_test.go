package responder_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network/networktest"
	"bothways/internal/pairing"
	"bothways/internal/responder"
	"bothways/rtpprobe"
	"bothways/scenarios"
	"bothways/sipprobe"
)

// TestFetchMovesToUDP asks for the ledger over a stream that loses the answer, and for the
// same again over UDP: the answer must fit there.
func TestFetchMovesToUDP(t *testing.T) {
	r := start(t, nil)
	stream, datagrams := newAgent(t, r, sipprobe.TCP, "one"), newAgent(t, r, sipprobe.UDP, "one")
	stream.hello(t)
	datagrams.hello(t)
	o := pairing.Order{Seq: 1, Fetch: &pairing.Fetch{}}
	first := stream.order(t, o)
	if first.Part == nil || len(first.Part.Data) <= pairing.PartBytes(sipprobe.UDP) {
		t.Fatalf("%+v is too small to show anything", first.Part)
	}
	if again := datagrams.order(t, o); again.Part == nil || len(again.Part.Data) != pairing.PartBytes(sipprobe.UDP) || again.Part.Total != first.Part.Total {
		t.Errorf("%+v", again.Part)
	}
}

func sizeCheck(id string) scenarios.Check {
	return scenarios.Check{ID: id, Kind: scenarios.SizeKind, Direction: scenarios.Outbound, Transport: "udp",
		Size: &scenarios.Size{Bytes: []int{400, 1500}}}
}

// recordOf waits for the record of a check.
func recordOf(t *testing.T, a *agent, seq int, check string, v any) {
	t.Helper()
	var data []byte
	whole := networktest.Eventually(time.Minute, func() bool {
		reply := a.order(t, pairing.Order{Seq: seq, Fetch: &pairing.Fetch{Call: check, Offset: len(data)}})
		seq++
		if reply.Part == nil || reply.Error != "" {
			t.Fatalf("%+v", reply)
		}
		data = append(data, reply.Part.Data...)
		return reply.Part.Ready && len(data) == reply.Part.Total
	})
	if !whole {
		t.Fatal("no record in time")
	}
	if err := pairing.Decode(data, v); err != nil {
		t.Fatal(err)
	}
}

// TestSizesGoToTheClient has messages sent to the client's own port from the SIP port, and
// those that must not be fragmented from another; once for each check.
func TestSizesGoToTheClient(t *testing.T) {
	r := start(t, nil)
	a := newAgent(t, r, sipprobe.UDP, "one")
	a.hello(t)
	own, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	order := pairing.Size{Check: sizeCheck("size"), Port: uint16(own.LocalAddr().(*net.UDPAddr).Port)}
	if reply := a.order(t, pairing.Order{Seq: 1, Size: &order}); reply.Error != "" {
		t.Fatal(reply.Error)
	}
	if reply := a.order(t, pairing.Order{Seq: 2, Size: &order}); reply.Error == "" {
		t.Error("the same check began twice")
	}
	buf := make([]byte, 4096)
	own.SetReadDeadline(time.Now().Add(time.Minute))
	for plain, whole := false, false; !plain || !whole; {
		n, from, err := own.ReadFrom(buf)
		if err != nil {
			t.Fatalf("%v; plain %v, whole %v", err, plain, whole)
		}
		sip := from.String() == a.peer.String()
		if strings.Contains(string(buf[:n]), "one-size-whole-") == sip {
			t.Errorf("from %v, where SIP is at %v: %.80s", from, a.peer, buf[:n])
		}
		plain, whole = plain || sip && n == 1500, whole || !sip && n == 1500
	}
	var f evidence.SizeFacts
	recordOf(t, a, 3, "size", &f)
	if len(f.Rungs) != 3 || f.Whole == nil || len(f.Whole.Rungs) != 3 || f.Rungs[1].Copies != 3 || f.Rungs[1].Status != 0 || f.Missing != "" {
		t.Errorf("%+v, %+v", f, f.Whole)
	}
}

// TestMarksAreListenedToForAWhile opens a port for a trial of marks, which ends by itself
// and leaves a record of silence.
func TestMarksAreListenedToForAWhile(t *testing.T) {
	r := start(t, func(c *responder.Config) { c.RTP = rtpprobe.PortRange{From: 30620, To: 30629} })
	a := newAgent(t, r, sipprobe.UDP, "one")
	a.hello(t)
	check := scenarios.Check{ID: "dscp", Kind: scenarios.DSCPKind, Direction: scenarios.Inbound, Transport: "udp", DSCP: &scenarios.DSCP{Packets: 1}}
	reply := a.order(t, pairing.Order{Seq: 1, Marks: &pairing.Marks{Check: check, ID: 7}})
	if reply.Error != "" || reply.MarksPort < 30620 || reply.MarksPort > 30629 || reply.MarksPort&1 == 1 || free(reply.MarksPort) {
		t.Fatalf("%+v", reply)
	}
	conn, err := net.Dial("udp4", net.JoinHostPort("127.0.0.1", "30620"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte("noise"))
	var heard rtpprobe.MarksArrived
	recordOf(t, a, 2, "dscp", &heard)
	for _, m := range heard.Marks {
		if m.Packets != 0 {
			t.Errorf("%+v", m)
		}
	}
	if !networktest.Eventually(networktest.BeforeLease, func() bool { return free(reply.MarksPort) }) {
		t.Errorf("port %d is still held", reply.MarksPort)
	}
}
