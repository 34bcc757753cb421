// Package sipprobe asks a network path what it does to SIP: it sends and answers
// OPTIONS, calls and orders over UDP, TCP and TLS, and keeps every byte that
// crossed the socket at this end.
//
// An [Endpoint] is one transport address. The caller owns its sockets and hands
// them over; the same code runs on a real socket, in a network namespace and in
// memory. Under it the messages pass three stations before any transaction:
//
//	socket ─▶ framing (streams) ─▶ Tape ─▶ Guard ─▶ sipgo's transactions ─▶ Call, Incoming
//	socket ◀─────────────────────── Tape ◀─ link ◀───────────┘
//
// sipgo writes to links, never to sockets of its own: it can neither dial nor bind,
// and where a response goes is decided by where its request came from.
//
// The [Tape] holds the bytes as they were on the wire; nothing about a message
// that a middlebox may have touched is ever read from a parsed one. The [Guard]
// challenges whoever does not hold the key (Digest with SHA-256, RFC 8760), with
// an answer that is never larger than the request. A message that two parsers could
// read differently is taped and goes no further; neither does a response to a request
// that is not under way. Of the requests in a call only ACK, CANCEL and BYE need no
// credentials, and these must match its tags or its branch.
//
// A [Call] can change while it lasts: [Call.Reinvite] and [Call.Update] offer another
// session, [Call.OnChange] answers the far end's offers, and [Call.KeepSession] keeps a
// session timer. [Endpoint.Call] asks for more than [Endpoint.Invite].
//
// [Endpoint.ShowAll] and [Endpoint.Climb] send requests without a transaction, in many
// forms and of many sizes, to see on the far end's tape what arrives of them.
//
// An [Exchange] is what came of one request, and a [Call] is a dialog. Both hold
// facts: silence is an outcome, and what it means is for others to say.
package sipprobe
