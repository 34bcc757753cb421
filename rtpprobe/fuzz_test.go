package rtpprobe_test

import (
	"testing"
	"testing/synctest"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"bothways/rtpprobe"
)

// FuzzReceive gives any two datagrams to a stream, on either socket, with and without a wanted tag, and
// then a good one: each must be counted exactly once, and the good one heard.
func FuzzReceive(f *testing.F) {
	report, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: 7, NTPTime: 1 << 40, Reports: []rtcp.ReceptionReport{{SSRC: 99, LastSenderReport: 5}}},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: 7, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "x"}}}}},
		&rtcp.ApplicationDefined{SSRC: 7, Name: "BWTG", Data: outbound[:]},
		&rtcp.Goodbye{Sources: []uint32{7}},
	})
	if err != nil {
		f.Fatal(err)
	}
	good := mustMarshal(f, rtp.Header{SSRC: 3, SequenceNumber: 100}, &outbound, make([]byte, 160))
	for _, seed := range [][]byte{
		nil, {0x80}, {0x80, 0}, {0x80, 200}, {0x40, 0}, report, report[:30], good, good[:12], good[:18],
		mustMarshal(f, rtp.Header{SSRC: 4, CSRC: []uint32{1, 2, 3}}, nil, make([]byte, 7)),
		mustMarshal(f, rtp.Header{SSRC: 5, PayloadType: 8}, &inbound, make([]byte, 1)),
		mustMarshal(f, rtp.Header{SSRC: 99}, &outbound, nil), // its own SSRC
		append([]byte{0xb0, 0}, good[2:]...),                 // padding, last byte 0xff
		append([]byte{0x9f, 0}, good[2:]...),                 // 15 CSRCs
		make([]byte, 2000),
	} {
		f.Add(seed, good, false)
		f.Add(good, seed, true)
		f.Add(seed, seed, true)
	}
	f.Fuzz(func(t *testing.T, one, other []byte, tagged bool) {
		synctest.Test(t, func(t *testing.T) { receiveAny(t, one, other, good, tagged) })
	})
}

func receiveAny(t *testing.T, one, other, good []byte, tagged bool) {
	var network memNet
	pacer := rtpprobe.StartPacer(rtpprobe.PacerConfig{PortableTimers: true})
	defer pacer.Close()
	control := network.listen("192.0.2.1:4001")
	cfg := rtpprobe.StreamConfig{
		Conn: network.listen(near.String()), RTCP: control, Pacer: pacer, SSRC: 99, SendTag: &inbound, Latch: rtpprobe.LatchFirst,
	}
	if tagged {
		cfg.WantTag = &outbound
	}
	stream := mustOpen(t, cfg)
	network.inject(far, near, one)
	network.inject(far, control.addr, other)
	network.inject(far, near, good)
	synctest.Wait()
	heard := stream.LastHeard()
	if r := stream.Close(); counted(r) != 3 || heard.IsZero() {
		t.Errorf("%d counted, last heard %v, %+v, %+v", counted(r), heard, r.Received, r.RTCP)
	}
}

// counted sums up what can become of a datagram.
func counted(r rtpprobe.Result) int64 {
	in := r.Received
	return in.Packets + in.Duplicated + in.Strays + in.Malformed + in.Untagged + r.RTCP.Received
}
