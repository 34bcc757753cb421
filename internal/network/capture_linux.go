package network

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// packetSocket is a socket that sees packets before the firewall (packet(7)).
type packetSocket struct {
	file   *os.File
	conn   syscall.RawConn
	buffer [2048]byte
}

// openCapture needs CAP_NET_RAW in the thread's network namespace.
func openCapture() (Capture, error) {
	all := int(htons(unix.ETH_P_ALL))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return nil, fmt.Errorf("%w: the program lacks the right (CAP_NET_RAW)", ErrNoCapture)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCapture, err)
	}
	// The filter comes first, and then the packets.
	err = errors.Join(attach(fd), unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: uint16(all)}))
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("%w: %w", ErrNoCapture, err)
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20) // as much of it as the kernel allows
	p := &packetSocket{file: os.NewFile(uintptr(fd), "capture")}
	if p.conn, err = p.file.SyscallConn(); err != nil {
		p.file.Close()
		return nil, fmt.Errorf("%w: %w", ErrNoCapture, err)
	}
	return p, nil
}

func htons(n uint16) uint16 { return n<<8 | n>>8 }

// attach has the kernel pass on UDP to the host, and TCP segments with SYN either way.
func attach(fd int) error {
	const whole, syn = 1 << 16, 2
	raw, err := bpf.Assemble([]bpf.Instruction{
		/*  0 */ bpf.LoadAbsolute{Off: 0, Size: 1},
		/*  1 */ bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xf0},
		/*  2 */ bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0x60, SkipTrue: 6},
		/*  3 */ bpf.LoadAbsolute{Off: 9, Size: 1},
		/*  4 */ bpf.JumpIf{Cond: bpf.JumpEqual, Val: protocolUDP, SkipTrue: 8},
		/*  5 */ bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocolTCP, SkipTrue: 10},
		/*  6 */ bpf.LoadMemShift{Off: 0},
		/*  7 */ bpf.LoadIndirect{Off: 13, Size: 1},
		/*  8 */ bpf.Jump{Skip: 6},
		/*  9 */ bpf.LoadAbsolute{Off: 6, Size: 1},
		/* 10 */ bpf.JumpIf{Cond: bpf.JumpEqual, Val: protocolUDP, SkipTrue: 2},
		/* 11 */ bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: protocolTCP, SkipTrue: 4},
		/* 12 */ bpf.Jump{Skip: 1},
		/* 13 */ bpf.Jump{Skip: 3},
		/* 14 */ bpf.LoadAbsolute{Off: 40 + 13, Size: 1},
		/* 15 */ bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: syn, SkipTrue: 3},
		/* 16 */ bpf.RetConstant{Val: 0},
		/* 17 */ bpf.LoadExtension{Num: bpf.ExtType},
		/* 18 */ bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PACKET_OUTGOING, SkipTrue: 1},
		/* 19 */ bpf.RetConstant{Val: whole},
		/* 20 */ bpf.RetConstant{Val: 0},
	})
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// Next waits for the next packet that can be read.
func (p *packetSocket) Next() (Captured, error) {
	for {
		var n int
		var from unix.Sockaddr
		var failed error
		err := p.conn.Read(func(fd uintptr) bool {
			n, from, failed = unix.Recvfrom(int(fd), p.buffer[:], 0)
			return !errors.Is(failed, unix.EAGAIN) && !errors.Is(failed, unix.EINTR)
		})
		if err = errors.Join(err, failed); errors.Is(err, unix.ENETDOWN) {
			continue // an interface went away
		}
		if err != nil {
			return Captured{}, err
		}
		c, ok := parsePacket(p.buffer[:n])
		if !ok {
			continue
		}
		link, ok := from.(*unix.SockaddrLinklayer)
		c.Out = ok && link.Pkttype == unix.PACKET_OUTGOING
		return c, nil
	}
}

// Close ends a Next that waits.
func (p *packetSocket) Close() error { return p.file.Close() }
