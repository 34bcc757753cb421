package natlab

import (
	"errors"
	"fmt"
)

// changes lists all changes.
func changes() []Change {
	return []Change{
		RewriteVia, RewriteContact, RewriteCallID, RewriteContentLength, RewriteSDPAddress, RewriteSDPPort,
		TruncateMessage, DropPacket, SetDSCP, DelayPacket, MoveSourcePort, PinMedia,
	}
}

// check finds what cannot be done, and says which alteration it is.
func (b *Box) check(names map[string]bool) error {
	if b == nil {
		return nil
	}
	for i, a := range b.Alterations {
		if a.Name == "" || names[a.Name] {
			return fmt.Errorf("alteration %d: the name %q is empty or taken; give each rule and alteration its own", i, a.Name)
		}
		names[a.Name] = true
		if err := a.check(); err != nil {
			return fmt.Errorf("alteration %q: %w", a.Name, err)
		}
	}
	return nil
}

func (a Alteration) check() error {
	err := errors.Join(
		oneOf("change", a.Change, changes()...),
		oneOf("direction", a.Direction, AnyDirection, Inbound, Outbound),
		oneOf("family", a.Family, AnyFamily, IPv4, IPv6),
		oneOf("protocol", a.Proto, AnyProto, UDP, TCP),
		oneOf("messages", a.Messages, AnyMessage, Requests, Responses),
		a.Ports.check(), a.checkParameters())
	alone := a
	alone.Name, alone.Change, alone.Ports = "", "", Ports{}
	switch {
	case err != nil:
		return err
	case a.Change == PinMedia && alone != (Alteration{}):
		return fmt.Errorf("%s picks by itself; leave out all but Ports", a.Change)
	case a.Change == PinMedia:
		return nil
	case a.ofSIP() && (a.Proto == TCP || a.Fragments):
		return errors.New("it picks SIP messages, which are whole datagrams here; leave Proto and Fragments out")
	case !a.ofSIP() && a.Proto == AnyProto && a.Ports != Ports{}:
		return errors.New("ports need a protocol; set Proto")
	case a.Fragments && (a.Ports != Ports{} || a.After != 0):
		return errors.New("fragments have no ports and belong to no flow; leave Ports and After out")
	case a.Marked > 63:
		return fmt.Errorf("no packet is marked %d; use 1 to 63", a.Marked)
	case a.Below < 0 || a.Below > 0 && a.Below <= a.Above:
		return fmt.Errorf("below %d bytes there is nothing; use 0", a.Below)
	case a.Above < 0:
		return fmt.Errorf("above %d bytes is every packet; use 0", a.Above)
	}
	return nil
}

// checkParameters holds each parameter against the changes that need it.
func (a Alteration) checkParameters() error {
	need := func(what string, set bool, by ...Change) error {
		wanted := oneOf("", a.Change, by...) == nil
		switch {
		case wanted && !set:
			return fmt.Errorf("%s needs %s", a.Change, what)
		case set && !wanted:
			return fmt.Errorf("%s has no use for %s", a.Change, what)
		}
		return nil
	}
	err := errors.Join(
		need("Address", a.Address.IsValid(), RewriteVia, RewriteContact, RewriteCallID, RewriteSDPAddress),
		need("By", a.By != 0, RewriteContentLength, RewriteSDPPort, MoveSourcePort),
		need("Bytes", a.Bytes > 0, TruncateMessage),
		need("Delay", a.Delay > 0, DelayPacket))
	switch {
	case err != nil:
		return err
	case a.Port != 0 && a.Change != RewriteVia && a.Change != RewriteContact:
		return fmt.Errorf("%s has no use for Port", a.Change)
	case a.DSCP > 63 || a.DSCP != 0 && a.Change != SetDSCP:
		return fmt.Errorf("%s has no use for DSCP %d", a.Change, a.DSCP)
	case a.Change == MoveSourcePort && a.Proto != UDP:
		return fmt.Errorf("%s is for UDP; set Proto", a.Change)
	}
	return nil
}
