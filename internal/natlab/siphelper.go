package natlab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"
)

// sipPort is the port whose flows a SIP helper reads (RFC 3261 section 19.1.2).
const sipPort = 5060

// SIPHelperSupported tells whether a router of a lab can run the kernel's SIP
// helper: nil, or one sentence with the reason and the next step. It tries,
// with a request that must arrive rewritten.
func SIPHelperSupported(ctx context.Context) error {
	lab, err := Build(ctx, Topology{SIPHelper: []Router{SiteRouter}})
	if err != nil {
		return err
	}
	text, err := lab.trySIPHelper(ctx)
	if err = errors.Join(err, lab.Close()); err != nil {
		return fmt.Errorf("natlab: try the SIP helper: %w", err)
	}
	if strings.Contains(text, lab.Addresses.Inside.String()) {
		return errors.New("natlab: the kernel's SIP helper rewrites nothing (hint: load its module nf_nat_sip)")
	}
	return nil
}

// trySIPHelper sends a request from inside and returns it as it arrives outside.
func (l *Lab) trySIPHelper(ctx context.Context) (string, error) {
	src := netip.AddrPortFrom(l.Addresses.Inside, sipPort)
	dst := netip.AddrPortFrom(l.Addresses.Outside, sipPort)
	inside, err := l.Inside.ListenPacket(ctx, src)
	if err != nil {
		return "", err
	}
	defer inside.Close()
	outside, err := l.Outside.ListenPacket(ctx, dst)
	if err != nil {
		return "", err
	}
	defer outside.Close()
	request := fmt.Sprintf("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-try\r\nMax-Forwards: 70\r\n"+
		"From: <sip:try@invalid>;tag=1\r\nTo: <sip:try@invalid>\r\nCall-ID: try\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", dst, src)
	if _, err := inside.WriteToUDPAddrPort([]byte(request), dst); err != nil {
		return "", err
	}
	if err := outside.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	buf := make([]byte, 2048)
	n, err := outside.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errors.New("a request through it was lost")
	}
	return string(buf[:n]), err
}
