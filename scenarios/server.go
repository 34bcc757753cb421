package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
)

// A Server is one of somebody else's, which the site needs: where updates come from, or
// the provider of a trunk. Outbound the responder asks it, inbound the client.
type Server struct {
	// Host is its name or its address.
	Host string `json:"host"`
	Port uint16 `json:"port"`
	// Protocol is what it speaks; it is asked in its own language.
	Protocol Protocol `json:"protocol"`
	// Resolver is the address and port of the DNS server that knows the name; empty is that
	// of the system.
	Resolver string `json:"resolver,omitempty"`
}

// GivenResolver is Resolver, invalid where it is that of the system.
func (s Server) GivenResolver() netip.AddrPort {
	a, _ := netip.ParseAddrPort(s.Resolver)
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// A Protocol is what a service at a port speaks. Besides those of servers of others, a
// port of a PBX may speak "xmpp", and "sips" (SIP over TLS).
type Protocol string

// The protocols.
const (
	// TCPProtocol asks for nothing but a connection.
	TCPProtocol Protocol = "tcp"
	// HTTPProtocol and HTTPSProtocol ask for the head of "/"; redirects are not followed.
	HTTPProtocol  Protocol = "http"
	HTTPSProtocol Protocol = "https"
	// TLSProtocol, and HTTPSProtocol too, ask for a certificate that this end can verify.
	TLSProtocol Protocol = "tls"
	// NTPProtocol asks for the time (RFC 5905).
	NTPProtocol Protocol = "ntp"
	// SIPProtocol asks by OPTIONS; it is that of checks of kind "provider" and of no others.
	SIPProtocol Protocol = "sip"
)

// ServerProtocols are those that a check of kind "server" can name.
func ServerProtocols() []Protocol {
	return []Protocol{TCPProtocol, HTTPProtocol, HTTPSProtocol, TLSProtocol, NTPProtocol}
}

// transport is what the protocol runs over.
func (p Protocol) transport() Transport {
	switch p {
	case NTPProtocol:
		return "udp"
	case HTTPSProtocol, TLSProtocol:
		return "tls"
	}
	return "tcp"
}

// defaultPort is the protocol's own, 0 where it has none.
func (p Protocol) defaultPort() uint16 {
	switch p {
	case HTTPProtocol:
		return 80
	case HTTPSProtocol, TLSProtocol:
		return 443
	case NTPProtocol:
		return 123
	}
	return 0
}

// SystemResolver is the word for the DNS servers that the machine itself uses.
const SystemResolver = "system"

// fileServer are the keys of checks of servers and providers.
type fileServer struct {
	Host     string `yaml:"host"`
	Protocol string `yaml:"protocol"`
	Resolver string `yaml:"resolver"`
}

// serverKeys are those of somebody else's servers.
func serverKeys() map[string]key {
	both := []Kind{ServerKind, ProviderKind}
	return map[string]key{
		"check.host":     {about: "The server's name or address.", kinds: both},
		"check.protocol": {about: "What the server speaks.", kinds: []Kind{ServerKind}, words: wordsOf(ServerProtocols())},
		"check.resolver": {about: "The address of the DNS server to ask for the name, with or without a port; system, or left out, for those of the machine.", kinds: both},
	}
}

// others makes the checks of somebody else's server.
func (c fileCheck) others(base Check) ([]Check, error) {
	if base.Kind == ProviderKind {
		return c.provider(base)
	}
	return c.server(base)
}

// server makes the check of a server, whose id is as written.
func (c fileCheck) server(base Check) ([]Check, error) {
	if len(c.Transports) > 0 {
		return nil, errors.New("transports: a server check has none; its protocol says it")
	}
	protocol, err := oneOf("protocol", c.Server.Protocol, "", ServerProtocols()...)
	if err != nil {
		return nil, err
	}
	s, err := c.somebody(protocol, protocol.defaultPort())
	if err != nil {
		return nil, err
	}
	base.ID, base.Transport, base.Server = c.ID, protocol.transport(), &s
	return []Check{base}, nil
}

// provider makes one check for each transport, over UDP where none is named.
func (c fileCheck) provider(base Check) ([]Check, error) {
	transports := c.Transports
	if len(transports) == 0 {
		transports = []string{"udp"}
	}
	var out []Check
	for _, t := range transports {
		check := base
		var err error
		if check.Transport, err = oneOf[Transport]("transports", t, "", "udp", "tcp", "tls"); err != nil {
			return nil, err
		}
		port := uint16(5060)
		if check.Transport == "tls" {
			port = 5061
		}
		s, err := c.somebody(SIPProtocol, port)
		if err != nil {
			return nil, err
		}
		check.ID, check.Server = c.ID+"-"+t, &s
		out = append(out, check)
	}
	return out, nil
}

// somebody reads where a server is; port is the one that it has where none is named.
func (c fileCheck) somebody(p Protocol, port uint16) (s Server, err error) {
	if c.Server.Host == "" {
		return s, errors.New("host: is missing; want the server's name or address")
	}
	if c.Port != "" {
		number, ok := portOf(c.Port)
		if !ok {
			return s, fmt.Errorf("port: %s: want one port from 1 to 65535", quoted(c.Port))
		}
		port = uint16(number)
	}
	if port == 0 {
		return s, fmt.Errorf("port: is missing; %s has none of its own", p)
	}
	s = Server{Host: c.Server.Host, Port: port, Protocol: p}
	if r := c.Server.Resolver; r != "" && r != SystemResolver {
		resolver, err := resolverOf(r)
		if err != nil {
			return s, err
		}
		s.Resolver = resolver.String()
	}
	if err := CheckServerName(s.Host); err != nil {
		return s, fmt.Errorf("host: %w", err)
	}
	return s, nil
}

// resolverOf reads an address with or without a port.
func resolverOf(text string) (netip.AddrPort, error) {
	const dns = 53
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.AddrPortFrom(a.Unmap(), dns), nil
	}
	if a, err := netip.ParseAddrPort(text); err == nil && a.Port() != 0 {
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()), nil
	}
	return netip.AddrPort{}, fmt.Errorf("resolver: %s: want %s, or an address such as 192.0.2.53", quoted(text), SystemResolver)
}

// CheckServer says what is wrong with a server that another end names, nil when nothing is.
func CheckServer(c Check) error {
	s := c.Server
	switch {
	case s == nil || c.Kind != ServerKind && c.Kind != ProviderKind:
		return errors.New("not a check of a server")
	case s.Port == 0:
		return errors.New("a server without a port")
	case c.Kind == ProviderKind && s.Protocol != SIPProtocol:
		return errors.New("a provider is asked by SIP")
	}
	if c.Kind == ServerKind {
		if _, err := oneOf("protocol", string(s.Protocol), "", ServerProtocols()...); err != nil {
			return err
		}
	}
	if _, err := oneOf[Transport]("transport", string(c.Transport), "", "udp", "tcp", "tls"); err != nil {
		return err
	}
	if s.Resolver != "" && !s.GivenResolver().IsValid() {
		return errors.New("resolver: not an address with its port")
	}
	return CheckServerName(s.Host)
}
