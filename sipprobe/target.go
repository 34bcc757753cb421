package sipprobe

import (
	"errors"
	"net/netip"
	"strings"
)

// A Target is whom a request is for.
type Target struct {
	// Peer is where its packets go. Over TCP and TLS a connection to it must have
	// been adopted or accepted.
	Peer netip.AddrPort
	// Host is the host part of the Request-URI; empty means the address of Peer.
	Host string
	// User is the user part of the Request-URI, such as the number of an extension;
	// empty means the endpoint's own.
	User string
	// Token marks every message of one probe, in the Via branch, the Call-ID and
	// the From tag. It must be unique per probe, and made of 1 to 128 letters, digits,
	// ".", "-" and the other characters of a token (RFC 3261 section 25.1).
	Token string
	// NoRport leaves rport out of Via, as old and misconfigured PBXes do (RFC 3581).
	NoRport bool
	// OwnVia names the endpoint's own socket in Via, as an end does that does not know
	// how others see it; else it is the address of which the peer said that it sees it.
	OwnVia bool
}

func (t Target) host() string {
	if t.Host != "" {
		return t.Host
	}
	return hostPort(t.Peer)
}

var (
	errBadToken = errors.New("the token is not one: 1 to 128 letters, digits, dots and dashes")
	errBadHost  = errors.New("the host is not one")
	errBadUser  = errors.New("the user is not one: 1 to 128 letters, digits and -.!*_+'~#")
	errBadPeer  = errors.New("the address is not one to send to")
)

func checkToken(token string) error {
	if !isToken(token) || len(token) > 128 {
		return errBadToken
	}
	return nil
}

// check keeps what would not be one probe to one host from being sent.
func (t Target) check() error {
	switch {
	case !usable(t.Peer):
		return errBadPeer
	case strings.ContainsAny(t.Host, " \t\r\n<>@;?\""):
		return errBadHost
	case !isUser(t.User):
		return errBadUser
	}
	return checkToken(t.Token)
}

// isUser reports whether a user part needs no escapes (RFC 3261 section 25.1), but for
// the "#" of feature codes, which phones send as it is. Empty is one too.
func isUser(s string) bool {
	return s == "" || len(s) <= 128 && isToken(strings.ReplaceAll(s, "#", "_")) && !strings.ContainsAny(s, "%`")
}
