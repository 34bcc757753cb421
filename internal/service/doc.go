// Package service asks whatever lives at a port what it is, in the protocol of that
// port and with one exchange: the head of a page, a stream header, a TLS handshake, an
// OPTIONS, the time. It is for ports that a PBX holds itself, where no bell can hang.
//
// Everything is bounded in time and bytes. What was said is recorded as it is; a fitting
// answer proves that something speaks the protocol there, and a certificate which. No
// certificate is verified, no password is ever sent, nothing is changed at the peer.
package service
