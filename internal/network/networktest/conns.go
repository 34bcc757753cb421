package networktest

import (
	"net"
	"sync"

	"bothways/internal/network"
)

type wirePacketConn struct {
	net.PacketConn
	wire *Wire
}

func (c *wirePacketConn) flow(remote net.Addr) Flow {
	return Flow{Protocol: "udp", Local: network.AddrPort(c.LocalAddr()), Remote: network.AddrPort(remote)}
}

func (c *wirePacketConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			return n, from, err
		}
		if c.wire.loses(c.flow(from)) {
			continue
		}
		if data, ok := c.wire.through(c.flow(from), false, b[:n]); ok {
			return copy(b, data), from, nil
		}
	}
}

func (c *wirePacketConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.wire.loses(c.flow(to)) {
		return len(b), nil
	}
	data, ok := c.wire.through(c.flow(to), true, b)
	if !ok {
		return len(b), nil
	}
	if _, err := c.PacketConn.WriteTo(data, to); err != nil {
		return 0, err
	}
	return len(b), nil
}

type wireListener struct {
	net.Listener
	wire *Wire
}

func (l *wireListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wire.carry("tcp", c), nil
}

type wireConn struct {
	net.Conn
	wire   *Wire
	flow   Flow
	once   sync.Once
	closed chan struct{}
}

func (c *wireConn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if !c.wire.loses(c.flow) {
			return n, err
		}
		if err != nil { // not even the end of the connection arrives
			<-c.closed
			return 0, net.ErrClosed
		}
	}
}

func (c *wireConn) Write(b []byte) (int, error) {
	if c.wire.loses(c.flow) {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *wireConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	c.wire.mu.Lock()
	delete(c.wire.conns, c)
	c.wire.mu.Unlock()
	if c.wire.loses(c.flow) { // the far end hears nothing of it
		c.wire.bury(c.Conn)
		return nil
	}
	return c.Conn.Close()
}
