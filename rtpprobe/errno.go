package rtpprobe

import (
	"errors"
	"net"
	"os"
	"syscall"
)

type errorKind struct {
	errno syscall.Errno
	kind  string
}

// kindOf names a socket error for a Result.
func kindOf(err error) string {
	switch {
	case errors.Is(err, net.ErrClosed):
		return "closed"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	}
	for _, k := range errorKinds {
		if errors.Is(err, k.errno) {
			return k.kind
		}
	}
	return "other"
}

// countError adds one error to the counts by kind.
func countError(counts []ErrorCount, err error) []ErrorCount {
	kind := kindOf(err)
	for i := range counts {
		if counts[i].Kind == kind {
			counts[i].Count++
			return counts
		}
	}
	return append(counts, ErrorCount{Kind: kind, Count: 1})
}
