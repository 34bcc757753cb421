// Package knock proves that a TCP or UDP port leads where it should: one end hangs a
// bell at the port, the other knocks, and the bell answers what it can prove.
//
// A knock is a message of [Size] bytes with a random nonce and a tag that only holders
// of the session's key can make (HMAC-SHA256 over all before it, cut to half its
// length, RFC 2104 section 5). It names the port that it was meant for, so that a
// forward to another port shows. The answer is as long as the knock and tags the nonce
// in turn: an answer without that proof is somebody else's. A knock that merely comes
// back, as from an echo service, is no answer either.
//
// To whatever has no valid tag a bell is silent over UDP; over TCP it closes the
// connection without a word. Both ends keep a ledger, [Heard] and [Knocked], with the
// times and addresses of what they did and saw. Silence is a fact there, no error.
//
// The layout of a message, big endian:
//
//	0 "BWK"     3     8 id        4    28 tag      16
//	3 version   1    12 port      2    44 CR LF CR LF
//	4 kind      1    14 arrived   2
//	5 protocol  1    16 nonce    12
//	6 attempt   1
//	7 (zero)    1
//
// The two ends of line make services that wait for a line, such as HTTP, say something.
package knock
