package natlab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A wirePort is a port of a box: a packet socket (packet(7)) that reads all frames
// which come in at an interface, and sends frames out of it.
type wirePort struct {
	*os.File
	raw syscall.RawConn
}

// startBox puts the box to work on its host's two ports.
func (l *Lab) startBox(b *Box) error {
	var ports [2]wire
	for i, name := range []string{lanPort, wanPort} {
		err := l.Box.Do(func() error {
			p, err := openWire(name)
			ports[i] = p
			return err
		})
		if err != nil {
			if i > 0 {
				err = errors.Join(err, ports[0].Close())
			}
			return fmt.Errorf("open %s of the box: %w", name, err)
		}
	}
	l.box = b.start(ports[0], ports[1])
	return nil
}

// openWire opens an interface of the thread's namespace.
func openWire(name string) (*wirePort, error) {
	dev, err := net.InterfaceByName(name)
	if err != nil {
		return nil, err
	}
	// Without a protocol the socket gets nothing until it is bound to the interface.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<20),
		unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16(be16(unix.ETH_P_ALL)), Ifindex: dev.Index}))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &wirePort{File: f, raw: raw}, nil
}

func (p *wirePort) overrun() (n uint64, err error) {
	controlled := p.raw.Control(func(fd uintptr) {
		var s *unix.TpacketStats
		if s, err = unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			n = uint64(s.Drops)
		}
	})
	return n, errors.Join(controlled, err)
}

// checksumsInFull has the kernel work out checksums before it sends frames out of an
// interface, instead of leaving that, and the cutting of large segments, to a network
// card. A program at the other end of a veth pair would see neither done.
func checksumsInFull(dev string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	value := struct{ cmd, data uint32 }{unix.ETHTOOL_STXCSUM, 0}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte // the rest of the union in struct ifreq
	}{data: unsafe.Pointer(&value)}
	copy(request.name[:], dev)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return fmt.Errorf("turn checksum offloading of %s off: %w", dev, errno)
	}
	return nil
}
