// Package interop holds tests of the two programs against others' SIP, through real
// sockets on loopback: SIPp, sipsak, baresip and Kamailio from Debian, messages that no
// proper program sends, and peers that mean harm. It has no code of its own.
//
// A test whose peer is not installed is skipped and names the Debian package; with
// CI=true in the environment it fails instead.
package interop
