// Package tlsprobe asks a TLS server which versions it speaks and which certificates
// it presents.
//
// [Probe] makes one handshake as a client of today does, offering TLS 1.0 to 1.3, and
// then one for each version alone. A [Result] holds facts. Whether a version was
// accepted is read from the server's first records on the wire (RFC 8446 section 4.1.3,
// RFC 5246 sections 7.2 and 7.4.1.3), and not from whether this program liked what came
// after: a server whose certificate cannot be used has still chosen a version. What this
// program could not offer is not tested, and never counts as refused.
//
// Every cipher suite that Go still knows is offered: with RSA key exchange, CBC, 3DES
// and RC4. Finite-field Diffie-Hellman (DHE) is not among them, so a server that speaks
// nothing else refuses with handshake_failure.
//
// What is wrong with a result is an opinion: [Judge] is a pure function of the Result
// and of [Terms]. It never asks the network, so of an issuer that the server did not
// send it says who is missing, and no more than that.
//
// The one fact that belongs to the machine and not to the server is [Trust]: whether a
// chain leads to a root that this machine knows.
package tlsprobe
