// Package sipdiff says what became of a SIP message on its way: which fields of the
// bytes that arrived differ from the bytes that were sent, by name, before and after.
//
// [Parse] keeps every byte: the message's own form, with its folding, compact names
// and line ends, comes back from [Message.Bytes] whatever was read, be it SIP, half
// of a SIP message, or noise. Names are a view on these bytes; what cannot be read is
// one field under the name of its header.
//
// [Compare] aligns two messages by their fields. A box that reads SIP and writes it
// again, an ALG, shows in it by the addresses that it exchanged, and by the spaces
// that it did not care to keep. A change of the bytes that leaves the meaning as it
// was is a change too, of the kind [Formatting].
//
// What a SIP hop may do is marked (see [Allowance]). Between two ends that tape their
// own sockets there is no such hop: a server adds received and rport (RFC 3261 section
// 18.2.1, RFC 3581 section 4) after its socket, so these do not stand in the bytes as
// they arrived. They can stand there all the same where something on the path has
// taken itself for the server; that harms nobody. A message that has one Via more on
// top and fewer hops left has passed a SIP proxy (RFC 3261 section 16.6), which is
// not an ALG and owns what it says of itself.
//
// The package imports nothing of bothways and can be used alone.
package sipdiff
