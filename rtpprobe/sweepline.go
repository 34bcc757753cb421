package rtpprobe

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// errNoSocket says that a net.PacketConn is not a *net.UDPConn.
var errNoSocket = errors.New("not a socket of the kernel")

// sweepBatch is how many packets go to the kernel, or come from it, at a time.
const sweepBatch = 64

// An outBatch is packets that wait to be sent from one socket.
type outBatch struct {
	packets [][]byte // of full size each
	ports   [sweepBatch]uint16
	sizes   [sweepBatch]int
	n       int
}

func newOutBatch(size int) *outBatch {
	return &outBatch{packets: slab(sweepBatch, size)}
}

// slab is n slices of one size in one piece of memory.
func slab(n, size int) [][]byte {
	memory, slices := make([]byte, n*size), make([][]byte, n)
	for i := range slices {
		slices[i] = memory[i*size : (i+1)*size : (i+1)*size]
	}
	return slices
}

// A sweepLine is one local socket of a sweep. One goroutine sends and one receives.
type sweepLine interface {
	// send hands over the packets of a batch from number first on, and waits while the socket's buffer is
	// full. It returns how many were taken, and the error of the one after these.
	send(b *outBatch, first int) (int, error)
	// receive gives what arrives to the sweeper, until stop.
	receive(s *sweeper)
	stop()
	// room is how many packets the receive buffer holds.
	room() int
	// drops is how many packets were lost for want of room, since the line was made.
	drops() (n int64, known bool)
	// release leaves the socket as it was, but for the size of its buffers.
	release()
}

func newSweepLine(conn net.PacketConn, s *sweeper) sweepLine {
	if !s.cfg.Portable {
		if line := newFastLine(conn, s); line != nil {
			return line
		}
	}
	return newPlainLine(conn, s)
}

// rcvbuf is the receive buffer that is asked for, for all sockets of a sweep together: some 10,000 packets.
const rcvbuf = 16 << 20

// bytesPerPacket is about what a small packet takes up of a receive buffer.
const bytesPerPacket = 1280

// plainRoom is for a receive buffer of unknown size: the default of Linux is for some 270 packets.
const plainRoom = 256

// A plainLine sends and receives packet by packet.
type plainLine struct {
	sock   *socket
	remote netip.Addr
	base   int64 // drops before
	buffer []byte
}

func newPlainLine(conn net.PacketConn, s *sweeper) *plainLine {
	if b, ok := conn.(interface{ SetReadBuffer(int) error }); ok {
		_ = b.SetReadBuffer(rcvbuf / len(s.cfg.Conns)) // less room is a slower sweep, no fault
	}
	l := &plainLine{sock: newSocket(conn), remote: s.cfg.Remote, buffer: make([]byte, s.cfg.ProbeBytes+1)}
	l.base, _ = connDrops(conn)
	return l
}

func (l *plainLine) send(b *outBatch, first int) (int, error) {
	for i := first; i < b.n; i++ {
		err := l.sock.write(b.packets[i][:b.sizes[i]], netip.AddrPortFrom(l.remote, b.ports[i]))
		if notSent(err) != nil {
			return i - first, err
		}
	}
	return b.n - first, nil
}

func (l *plainLine) receive(s *sweeper) {
	in := s.newEchoBox()
	for failures := 0; failures < maxReadFailures; {
		n, from, at, err := l.sock.read(l.buffer)
		if errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		if err != nil {
			failures++
			continue
		}
		failures = 0
		in.add(l.buffer[:n], from)
		in.flush(at)
	}
}

func (l *plainLine) stop() { l.sock.conn.SetReadDeadline(time.Unix(1, 0)) }

func (l *plainLine) room() int { return plainRoom }

func (l *plainLine) drops() (int64, bool) {
	n, ok := connDrops(l.sock.conn)
	return n - l.base, ok
}

func (l *plainLine) release() { l.sock.conn.SetReadDeadline(time.Time{}) }
