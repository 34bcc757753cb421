package cli

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"bothways/internal/console"
	"bothways/internal/diagnosis"
	"bothways/internal/network"
	"bothways/internal/report"
	"bothways/scenarios"
	"bothways/sipprobe"
	"bothways/sipprobe/tlsprobe"
)

type tlsCmd struct {
	Target      string `arg:"" name:"host[:port]" help:"Host name or address, with a port other than 5061; an IPv6 address with a port stands in brackets."`
	ServerName  string `placeholder:"NAME" help:"Name to ask for and to find in the certificate, instead of HOST."`
	MinVersion  string `default:"1.2" placeholder:"VERSION" help:"Oldest version of TLS that may be accepted (${default})."`
	MinDaysLeft int    `default:"14" placeholder:"N" help:"Warn of a certificate that is valid for fewer days (${default})."`
	CA          string `name:"ca" placeholder:"FILE" type:"existingfile" help:"Certificates to trust, as PEM, instead of the system's."`
	JSON        bool   `name:"json" help:"Print the result as one JSON object."`
}

// Run probes a TLS server, says what is wrong with it, and ends with the verdict's status.
func (c *tlsCmd) Run(ctx context.Context, s console.Streams) error {
	host, port, err := splitHost(c.Target)
	if err != nil {
		return console.Hint(err, "as in pbx.example.com, pbx.example.com:443, 192.0.2.1 or [2001:db8::1]:443")
	}
	name := host
	if c.ServerName != "" {
		name = c.ServerName
	}
	roots, err := c.check(name)
	if err != nil {
		return err
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return console.Hint(fmt.Errorf("cannot find %s: %w", host, err), "give the address, and the name with --server-name")
	}
	remote := netip.AddrPortFrom(addrs[0].Unmap(), port)
	dial := func(ctx context.Context) (net.Conn, error) { return network.Host{}.Dial(ctx, remote) }
	r := tlsprobe.Probe(ctx, dial, tlsprobe.Config{ServerName: name, Roots: roots})
	if ctx.Err() != nil {
		return errors.New("stopped")
	}
	r.Remote = remote
	terms := tlsprobe.Terms{Name: name, MinVersion: c.MinVersion, MinDaysLeft: c.MinDaysLeft, Trusted: true}
	if _, err := netip.ParseAddr(name); err == nil && c.ServerName == "" {
		terms.Name = "" // few certificates bear addresses, and few peers dial them
	}
	return c.present(diagnosis.JudgeServer(c.Target, r, terms), s)
}

// check looks at the flags, and reads the roots.
func (c *tlsCmd) check(name string) (*x509.CertPool, error) {
	if err := scenarios.CheckTLSVersion(c.MinVersion); err != nil {
		return nil, console.Hint(fmt.Errorf("--min-version: %w", err), "--min-version 1.2 is what providers ask for")
	}
	if err := scenarios.CheckServerName(name); err != nil {
		return nil, console.Hint(err, "as in pbx.example.com, without https:// and without a path")
	}
	if c.MinDaysLeft < 0 || c.MinDaysLeft > scenarios.MaxMinDaysLeft {
		return nil, console.Hint(fmt.Errorf("--min-days-left %d is not between 0 and %d", c.MinDaysLeft, scenarios.MaxMinDaysLeft), "as in --min-days-left 30")
	}
	if c.CA == "" {
		return nil, nil
	}
	data, err := readTextFile(c.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, console.Hint(fmt.Errorf("%s holds no certificate", c.CA), "--ca takes PEM: -----BEGIN CERTIFICATE-----")
	}
	return pool, nil
}

func (c *tlsCmd) present(server diagnosis.Server, s console.Streams) error {
	write := func() error { return report.WriteServer(s.Out, server, textOptions(s)) }
	if c.JSON {
		write = func() error {
			enc := json.NewEncoder(s.Out)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			return enc.Encode(server)
		}
	}
	if err := write(); err != nil {
		return err
	}
	return console.Status(server.Verdict.ExitStatus())
}

// splitHost reads HOST or HOST:PORT; without a port it is that of SIP over TLS.
func splitHost(target string) (host string, port uint16, err error) {
	port = sipprobe.TLS.DefaultPort()
	if a, err := netip.ParseAddr(target); err == nil {
		return a.String(), port, nil
	}
	if _, _, err := net.SplitHostPort(target + ":1"); err == nil && target != "" && target[0] != '[' {
		return target, port, nil
	}
	host, word, err := net.SplitHostPort(target)
	if err != nil || host == "" {
		return "", 0, fmt.Errorf("%q is neither HOST nor HOST:PORT", target)
	}
	n, err := strconv.ParseUint(word, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q is no port from 1 to 65535", word)
	}
	return host, uint16(n), nil
}
