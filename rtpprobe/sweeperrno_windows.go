package rtpprobe

import (
	"errors"

	"golang.org/x/sys/windows"
)

// faultOf sorts the error of opening a port.
func faultOf(err error) openFault {
	switch {
	case err == nil:
		return faultNone
	case errors.Is(err, windows.WSAEADDRINUSE):
		return faultInUse
	case errors.Is(err, windows.WSAEACCES): // of excluded port ranges too
		return faultNotPermitted
	case errors.Is(err, windows.WSAEMFILE), errors.Is(err, windows.WSAENOBUFS):
		return faultNoFiles
	}
	return faultOther
}

// noRoom reports whether a buffer of this machine was full.
func noRoom(err error) bool {
	return errors.Is(err, windows.WSAENOBUFS) || errors.Is(err, windows.WSAEWOULDBLOCK)
}
