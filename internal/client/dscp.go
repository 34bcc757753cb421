package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"bothways/internal/evidence"
	"bothways/internal/network"
	"bothways/internal/pairing"
	"bothways/rtpprobe"
	"bothways/scenarios"
)

// dscp sends marked packets one way between two media ports.
func (r *run) dscp(ctx context.Context, c *evidence.Check) {
	if c.Direction == scenarios.Outbound && r.public != r.local {
		c.Skipped = errBehindNAT.Error()
		return
	}
	conn, other, err := rtpprobe.OpenPair(func(port uint16) (net.PacketConn, error) {
		return r.cfg.Network.ListenPacket(ctx, netip.AddrPortFrom(r.local, port))
	}, r.cfg.RTP)
	if err != nil {
		c.Skipped = "this machine could not open a port: " + err.Error()
		return
	}
	defer conn.Close()
	defer other.Close()
	c.DSCPFacts = &evidence.DSCPFacts{}
	if c.Direction == scenarios.Inbound {
		err = r.marksIn(ctx, c, conn)
	} else {
		err = r.marksOut(ctx, c, conn)
	}
	if err != nil {
		c.DSCPFacts.Missing = err.Error()
	}
}

// newMarks is the order for a trial, and the terms of this end.
func (r *run) newMarks(c *evidence.Check) (pairing.Marks, rtpprobe.MarkTerms) {
	order := pairing.Marks{Check: c.Bare(), ID: rand.Uint32()}
	return order, order.Terms(pairing.MediaKey(r.cfg.Key, r.ev.Run.ID))
}

func (r *run) marksIn(ctx context.Context, c *evidence.Check, conn net.PacketConn) error {
	order, terms := r.newMarks(c)
	reply, err := r.patiently(ctx, c.ID, pairing.Order{Marks: &order})
	if err != nil {
		return errors.New("the responder could not be told to listen: " + err.Error())
	}
	c.DSCPFacts.Sent = new(rtpprobe.SendMarked(ctx, conn, netip.AddrPortFrom(r.cfg.Address, reply.MarksPort), terms))
	var arrived rtpprobe.MarksArrived
	if err := r.fetchRecord(ctx, c.ID, marksTime(terms), &arrived); err != nil {
		return err
	}
	c.DSCPFacts.Arrived = &arrived
	return nil
}

func (r *run) marksOut(ctx context.Context, c *evidence.Check, conn net.PacketConn) error {
	order, terms := r.newMarks(c)
	order.Port = network.PortOf(conn)
	listening, stop := context.WithTimeout(ctx, busyWait+marksTime(terms))
	defer stop()
	arrived := make(chan rtpprobe.MarksArrived, 1)
	go func() { arrived <- rtpprobe.ListenMarked(listening, conn, terms) }()
	if _, err := r.patiently(ctx, c.ID, pairing.Order{Marks: &order}); err != nil {
		return errors.New("the responder could not be told to send: " + err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, marksTime(terms))
	defer cancel()
	var sent rtpprobe.MarksSent
	if err := r.fetchRecord(ctx, c.ID, marksTime(terms), &sent); err != nil {
		return err
	}
	defer time.AfterFunc(lastMark, stop).Stop()
	heard := <-arrived
	c.DSCPFacts.Sent, c.DSCPFacts.Arrived = &sent, &heard
	return nil
}

// lastMark is how long the last packet of a trial may be under way.
const lastMark = time.Second

func marksTime(t rtpprobe.MarkTerms) time.Duration {
	return t.Lasts() + pairing.MarksGrace + recordTimeout
}
