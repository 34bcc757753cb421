package rtpprobe

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// ErrNoPair is wrapped by OpenPair when every pair of the range is in use.
var ErrNoPair = errors.New("no free pair of ports")

// anyPairTries bounds how often the kernel is asked for a port whose neighbour is free as well.
const anyPairTries = 64

// OpenPair opens an even port for RTP and the odd port above it for RTCP (RFC 3550 section 11). It
// begins at a random pair of the range and walks on, once round, while ports are in use or reserved;
// any other error of listen ends it at once, since no other port would do better, and can be told
// with errors.Is (syscall.EMFILE: out of file descriptors). Whatever was opened on the way to a failure is closed.
//
// The zero range takes any pair that the kernel has free: listen is then called with port 0 first.
func OpenPair(listen func(port uint16) (net.PacketConn, error), r PortRange) (rtp, rtcp net.PacketConn, err error) {
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	if r.any() {
		return openAnyPair(listen)
	}
	first := (int(r.From) + 1) &^ 1
	pairs := (int(r.To) - first + 1) / 2
	if pairs <= 0 {
		return nil, nil, fmt.Errorf("%w in %s: it holds no even port with an odd one above", ErrNoPair, r)
	}
	var last error
	for i, start := 0, rand.IntN(pairs); i < pairs; i++ {
		even := uint16(first + (start+i)%pairs*2)
		rtp, rtcp, err = openBoth(listen, even, even+1)
		if err == nil || !portTaken(err) {
			return rtp, rtcp, err
		}
		last = err
	}
	return nil, nil, fmt.Errorf("%w in %s: %w", ErrNoPair, r, last)
}

func openAnyPair(listen func(port uint16) (net.PacketConn, error)) (rtp, rtcp net.PacketConn, err error) {
	var last error
	for range anyPairTries {
		one, err := listen(0)
		if err != nil {
			return nil, nil, err
		}
		other, err := listen(localAddr(one).Port() ^ 1)
		switch {
		case err == nil && localAddr(one).Port()&1 == 0:
			return one, other, nil
		case err == nil:
			return other, one, nil
		}
		one.Close()
		if !portTaken(err) {
			return nil, nil, err
		}
		last = err
	}
	return nil, nil, fmt.Errorf("%w after %d tries: %w", ErrNoPair, anyPairTries, last)
}

func openBoth(listen func(port uint16) (net.PacketConn, error), even, odd uint16) (rtp, rtcp net.PacketConn, err error) {
	rtp, err = listen(even)
	if err != nil {
		return nil, nil, err
	}
	rtcp, err = listen(odd)
	if err != nil {
		rtp.Close()
		return nil, nil, err
	}
	return rtp, rtcp, nil
}
