package rtpprobe

import (
	"net"
	"net/netip"
	"sync"
)

// openFaults are the ports of a window by what became of opening them.
type openFaults struct {
	listened, inUse, notPermitted, noFiles portBits
}

// note files the error of a port, nil for none. It returns the error of one that is not the port's own,
// and full when no further port can be opened.
func (f *openFaults) note(port uint16, err error) (full bool, fatal error) {
	switch faultOf(err) {
	case faultNone:
		f.listened.add(port)
	case faultInUse:
		f.inUse.add(port)
	case faultNotPermitted:
		f.notPermitted.add(port)
	case faultNoFiles:
		f.noFiles.add(port)
		return true, nil
	default:
		return true, err
	}
	return false, nil
}

// openAll calls open for each port, and stops trying once there are no descriptors left.
func (f *openFaults) openAll(ports PortSet, open func(port uint16) error) error {
	full := false
	var fatal error
	for port := range ports.All() {
		if full {
			f.noFiles.add(port)
			continue
		}
		if full, fatal = f.note(port, open(port)); fatal != nil {
			return fatal
		}
	}
	return nil
}

// An openFault is why a port could not be opened.
type openFault uint8

const (
	faultNone openFault = iota
	faultInUse
	faultNotPermitted
	faultNoFiles
	faultOther
)

// plainPorts are sockets that a goroutine each reads.
type plainPorts struct {
	conns []net.PacketConn
	ports []uint16
	done  sync.WaitGroup
}

func openPlainPorts(cfg *ReflectorConfig, opened *openFaults) (reflectPorts, error) {
	p := &plainPorts{}
	err := opened.openAll(cfg.Ports, func(port uint16) error {
		conn, err := cfg.Open(port)
		if err == nil {
			p.conns, p.ports = append(p.conns, conn), append(p.ports, port)
		}
		return err
	})
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *plainPorts) start(r *Reflector) {
	mac := &sharedMAC{mac: r.cfg.Terms.newMAC()}
	for i, conn := range p.conns {
		port := p.ports[i]
		p.done.Go(func() { reflectPlain(r, newSocket(conn), port, mac) })
	}
}

// A sharedMAC is one for all goroutines, which rarely meet: each has its own socket.
type sharedMAC struct {
	mu  sync.Mutex
	mac *probeMAC
}

// reflectPlain serves one socket until it is closed.
func reflectPlain(r *Reflector, sock *socket, on uint16, mac *sharedMAC) {
	buffer := make([]byte, r.cfg.ProbeBytes+1)
	for failures := 0; failures < maxReadFailures; {
		n, from, at, err := sock.read(buffer)
		if err != nil {
			failures++
			continue
		}
		failures = 0
		mac.mu.Lock()
		p, reply := r.accept(buffer[:n], on, from, at, mac.mac)
		mac.mu.Unlock()
		if reply {
			r.answered(&p, notSent(sock.write(buffer[:n], from)))
		}
	}
}

// maxReadFailures is how many errors in a row end the reading of a socket; a closed one has no others.
const maxReadFailures = 100

// notSent leaves out an earlier packet's error.
func notSent(err error) error {
	if wasSent(err) {
		return nil
	}
	return err
}

func (p *plainPorts) each(f func(port uint16, send func(b []byte, to netip.AddrPort) error)) {
	for i, conn := range p.conns {
		f(p.ports[i], func(b []byte, to netip.AddrPort) error {
			_, err := conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
			return err
		})
	}
}

func (p *plainPorts) close() (*int64, PortSet) {
	var on portBits
	var sum int64
	told := len(p.conns) > 0
	for i, conn := range p.conns {
		n, ok := connDrops(conn)
		if n > 0 {
			on.add(p.ports[i])
		}
		sum, told = sum+n, told && ok
		conn.Close()
	}
	p.done.Wait()
	if !told {
		return nil, PortSet{}
	}
	return &sum, on.set()
}

// canonical is an address without a zone and never IPv4-mapped, as ledgers have it.
func canonical(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
