package serverprobe

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"bothways/internal/evidence"
	"bothways/scenarios"
)

// maxHeadBytes bounds the head of an answer.
const maxHeadBytes = 16 << 10

// http asks for the head of "/", over TLS only of whom this machine can verify. No proxy
// is used, and no redirect followed.
func (a asker) http(ctx context.Context, t *evidence.ServerTrial) {
	t.HTTP = &evidence.HTTPAnswer{}
	start := time.Now()
	if err := a.head(ctx, t); err != nil {
		t.HTTP.Error = clean(err.Error())
	}
	t.HTTP.DurationMs = evidence.Millis(time.Since(start))
}

func (a asker) head(ctx context.Context, t *evidence.ServerTrial) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, a.url(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", a.Software)
	request.Close = true
	conn, err := a.dial(ctx, t)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if err := conn.SetDeadline(time.Now().Add(a.Timeout)); err != nil {
		return err
	}
	if a.server.Protocol == scenarios.HTTPSProtocol {
		conn = tls.Client(conn, a.verified()) // shakes hands when it is first used
	}
	if err := request.Write(conn); err != nil {
		return err
	}
	in := bufio.NewReader(io.LimitReader(conn, maxHeadBytes))
	res, err := http.ReadResponse(in, request)
	if err == nil && res.StatusCode/100 == 1 { // 103, say: the answer proper follows
		res, err = http.ReadResponse(in, request)
	}
	if err != nil {
		return err
	}
	t.HTTP.Status, t.HTTP.Proto = res.StatusCode, clean(res.Proto)
	t.HTTP.Server, t.HTTP.Location = clean(res.Header.Get("Server")), clean(res.Header.Get("Location"))
	return nil
}

// verified trusts whom this machine can verify at some moment of the certificate's
// validity: dates are judged apart, since this machine's clock may be what is wrong.
func (a asker) verified() *tls.Config {
	name := a.name()
	if name == "" {
		name = a.server.Host // to be among the addresses of the certificate
	}
	return &tls.Config{ServerName: name, InsecureSkipVerify: true, VerifyConnection: func(s tls.ConnectionState) error {
		leaf := s.PeerCertificates[0]
		options := x509.VerifyOptions{Roots: a.Roots, DNSName: name, Intermediates: x509.NewCertPool(), CurrentTime: time.Now()}
		for _, c := range s.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		switch {
		case options.CurrentTime.After(leaf.NotAfter):
			options.CurrentTime = leaf.NotAfter
		case options.CurrentTime.Before(leaf.NotBefore):
			options.CurrentTime = leaf.NotBefore
		}
		_, err := leaf.Verify(options)
		return err
	}}
}

// url names the server, with its port where that is not the protocol's own.
func (a asker) url() string {
	u := url.URL{Scheme: string(a.server.Protocol), Host: net.JoinHostPort(a.server.Host, strconv.Itoa(int(a.server.Port))), Path: "/"}
	usual := map[scenarios.Protocol]uint16{scenarios.HTTPProtocol: 80, scenarios.HTTPSProtocol: 443}
	if a.name() != "" && usual[a.server.Protocol] == a.server.Port {
		u.Host = a.name()
	}
	return u.String()
}
