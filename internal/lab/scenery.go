package lab

import (
	"context"

	"bothways/internal/natlab"
	"bothways/internal/resolve"
	"bothways/rtpprobe/natprobe"
)

// A scenery is what stands around a run beside the topology: who holds ports inside, boxes
// on the wire, neighbours, a router that tells its address, and servers of others.
type scenery struct {
	stops  []func()
	stun   []natprobe.PublicServer
	outer  finder
	inner  resolve.Resolver
	vendor *vendorRun
}

// set puts up what a fault needs.
func set(ctx context.Context, l *natlab.Lab, f Fault) (*scenery, error) {
	s := new(scenery)
	for _, part := range []func(context.Context, *natlab.Lab, Fault) (func(), error){hold, boxes, busy, neighbours, tell, s.servers} {
		stop, err := part(ctx, l, f)
		if err != nil {
			s.strike()
			return nil, err
		}
		s.stops = append(s.stops, stop)
	}
	return s, nil
}

// servers starts those of STUN, of names and of the vendor.
func (s *scenery) servers(ctx context.Context, l *natlab.Lab, f Fault) (stop func(), err error) {
	stop, s.stun, err = stunServer(ctx, l, f)
	if err != nil {
		return nil, err
	}
	s.stops = append(s.stops, stop)
	s.outer, s.inner, stop, err = serveNames(ctx, l, f)
	if err != nil {
		return nil, err
	}
	s.stops = append(s.stops, stop)
	s.vendor, err = vendor(ctx, l, f)
	if err != nil {
		return nil, err
	}
	return s.vendor.stop, nil
}

// strike takes it down again, the last part first.
func (s *scenery) strike() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}
