package rtpprobe

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The comparison is with loops that do nothing but the system calls, 64 packets of 172 bytes at a time.

// bareSocket opens a socket on loopback with the receive buffer of a sweep.
func bareSocket(b *testing.B) (*net.UDPConn, int) {
	b.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 8)})
	if err != nil {
		b.Skip(err)
	}
	b.Cleanup(func() { conn.Close() })
	conn.SetReadBuffer(rcvbuf)
	raw, err := conn.SyscallConn()
	if err != nil {
		b.Fatal(err)
	}
	var number int
	raw.Control(func(fd uintptr) { number = int(fd) })
	return conn, number
}

// A bareLoop is a batch of messages.
type bareLoop struct {
	mmsg  [sweepBatch]unix.Mmsghdr
	iovec [sweepBatch]unix.Iovec
	names [sweepBatch]sockaddr
	data  [sweepBatch][DefaultProbeBytes]byte
}

func newBareLoop(to netip.Addr) *bareLoop {
	l := new(bareLoop)
	for i := range sweepBatch {
		h := &l.mmsg[i].Hdr
		h.Name, h.Namelen, h.Iov = &l.names[i][0], l.names[i].put(unix.AF_INET, netip.AddrPortFrom(to, 0)), &l.iovec[i]
		h.SetIovlen(1)
		l.iovec[i].Base = &l.data[i][0]
		l.iovec[i].SetLen(DefaultProbeBytes)
	}
	return l
}

// send sends one packet to each port.
func (l *bareLoop) send(b *testing.B, fd int, ports []uint16) {
	for len(ports) > 0 {
		n := min(len(ports), sweepBatch)
		for i, port := range ports[:n] {
			l.names[i].setPort(port)
		}
		sent, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&l.mmsg)), uintptr(n), 0, 0, 0)
		if errno == unix.EAGAIN {
			continue
		}
		if errno != 0 {
			b.Fatal(errno)
		}
		ports = ports[sent:]
	}
}

// receive reads n packets that are there.
func (l *bareLoop) receive(b *testing.B, fd, n int) {
	for n > 0 {
		got, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&l.mmsg)), sweepBatch, unix.MSG_DONTWAIT, 0, 0)
		if errno != 0 {
			b.Fatal(errno, n)
		}
		n -= int(got)
	}
}

// BenchmarkSweepSend sends a packet to each of 6,000 ports whose sockets nobody reads.
func BenchmarkSweepSend(b *testing.B) {
	site := netip.MustParseAddr("127.0.0.7")
	ports := PortRangeSet(PortRange{From: 10000, To: 15999})
	sink := &rawPorts{}
	if err := new(openFaults).openAll(ports, func(port uint16) error { return sink.bind(netip.AddrPortFrom(site, port)) }); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { sink.close() })
	var list []uint16
	for port := range ports.All() {
		list = append(list, port)
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] }) // as a sweep does
	b.Run("bare", func(b *testing.B) {
		_, fd := bareSocket(b)
		l := newBareLoop(site)
		var took time.Duration
		for b.Loop() {
			<-time.After(time.Second) // as long as a sweep waits for the answers that do not come
			start := time.Now()
			l.send(b, fd, list)
			took += time.Since(start)
		}
		b.ReportMetric(float64(b.N)*float64(len(list))/took.Seconds(), "packets/s")
	})
	b.Run("sweep", func(b *testing.B) {
		conn, _ := bareSocket(b)
		var took time.Duration
		for b.Loop() {
			sent, err := Sweep(b.Context(), SweepConfig{
				Terms: SweepTerms{Direction: SweepInbound, Key: []byte("key")}, Conns: []net.PacketConn{conn},
				Remote: site, Ports: ports, Rate: MaxSweepRate, Rounds: 1,
			})
			if err != nil || sent.Packets != int64(len(list)) {
				b.Fatal(sent, err)
			}
			took += time.Duration(sent.Rounds[0].DurationMS * float64(time.Millisecond))
		}
		b.ReportMetric(float64(b.N)*float64(len(list))/took.Seconds(), "packets/s")
	})
}

// BenchmarkSweepReceive reads 4,000 echoes that wait in a socket's buffer.
func BenchmarkSweepReceive(b *testing.B) {
	const echoes = 4000
	for _, bare := range []bool{true, false} {
		name := map[bool]string{true: "bare", false: "sweep"}[bare]
		b.Run(name, func(b *testing.B) {
			conn, fd := bareSocket(b)
			_, from := bareSocket(b)
			local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
			s := newSweeper(SweepConfig{
				Terms: SweepTerms{Direction: SweepInbound, Key: []byte("key")}, Conns: []net.PacketConn{conn},
				Remote: local.Addr(), Ports: PortRangeSet(PortRange{From: 10000, To: 20000}), Rate: MaxSweepRate, MaxRate: MaxSweepRate,
				ProbeBytes: DefaultProbeBytes,
			})
			s.rounds = append(s.rounds, roundState{rates: make([]uint8, len(s.list))})
			in, line, out, drain := s.newEchoBox(), s.lines[0].(*mmsgLine), newBareLoop(local.Addr()), newBareLoop(local.Addr())
			var took time.Duration
			for round := uint16(0); b.Loop(); round++ {
				for sent := 0; sent < echoes; sent += sweepBatch {
					fillEchoes(out, s, uint16(sent)+round, local)
					out.send(b, from, ports64(local.Port()))
				}
				s.states = make([]portState, len(s.list))
				s.known, s.echoes = nil, 0
				start := time.Now()
				if bare {
					drain.receive(b, fd, echoes/sweepBatch*sweepBatch)
				}
				for !bare && s.echoes < echoes/sweepBatch*sweepBatch {
					line.receiveSome(s, in)
				}
				took += time.Since(start)
				for n := 1; bare && n > 0; { // what the last batch was too many
					n, _, _ = unix.Recvfrom(fd, drain.data[0][:], unix.MSG_DONTWAIT)
				}
			}
			b.ReportMetric(float64(b.N)*echoes/took.Seconds(), "packets/s")
		})
	}
}

// fillEchoes writes 64 echoes of ports from a number on.
func fillEchoes(l *bareLoop, s *sweeper, first uint16, local netip.AddrPort) {
	for i := range sweepBatch {
		port := s.list[(int(first)+i)%len(s.list)]
		size := probeSize(port, DefaultProbeBytes)
		putFrame(l.data[i][:size], port, 1)
		p := probe{direction: SweepInbound, port: port, local: local.Port()}
		p.echo(l.data[i][:size], port, local, s.mac)
		l.iovec[i].SetLen(size)
	}
}

// ports64 is one port as often as a batch has packets.
func ports64(port uint16) []uint16 {
	ports := make([]uint16, sweepBatch)
	for i := range ports {
		ports[i] = port
	}
	return ports
}
