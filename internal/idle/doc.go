// Package idle finds out what a path forgets: UDP bindings of a NAT and connections
// over which nothing has passed for a while.
//
// Each idle time is tried with a binding or connection of its own, so that no trial
// refreshes what another one waits for. Whoever waits sends nothing at all meanwhile:
// TCP keep-alives are off on all sockets of bothways.
package idle
