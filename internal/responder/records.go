package responder

import (
	"errors"

	"bothways/internal/evidence"
	"bothways/internal/pairing"
	"bothways/sipprobe"
)

// A record is what was filed of one check; packed is nil while the check goes on.
type record struct {
	packed []byte
}

// begin reserves the record of a call or another check; false when there is one already, or no room.
func (s *session) begin(check string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records[check] != nil || len(s.records) >= maxRecords || s.calls >= maxCalls || s.ctx.Err() != nil {
		return false
	}
	s.records[check] = &record{}
	s.calls++
	s.work.Add(1)
	return true
}

// finish files the record.
func (s *session) finish(check string, end any) {
	defer s.work.Done()
	packed, err := pairing.Encode(end)
	if err != nil {
		packed, _ = pairing.Encode(evidence.CallEnd{Fault: err.Error()})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[check].packed = packed
	s.calls--
}

// fetch hands over a part of the record of a call or a sweep, or of the ledger.
func (r *Responder) fetch(s *session, in *sipprobe.Incoming, f pairing.Fetch) (pairing.Reply, error) {
	packed, ready, err := r.packed(s, f)
	switch {
	case errors.Is(err, pairing.ErrNoRecord):
		return pairing.Reply{Part: &pairing.Part{Absent: true}}, nil
	case err != nil || !ready:
		return pairing.Reply{Part: &pairing.Part{}}, err
	}
	if f.Offset < 0 || f.Offset > len(packed) {
		return pairing.Reply{}, errors.New("offset out of bounds")
	}
	rest := packed[f.Offset:]
	part := rest[:min(len(rest), pairing.PartBytes(in.Endpoint.Transport()))]
	return pairing.Reply{Part: &pairing.Part{Ready: true, Total: len(packed), Data: part}}, nil
}

func (r *Responder) packed(s *session, f pairing.Fetch) (data []byte, ready bool, err error) {
	if f.Sweep != nil {
		return s.sweeping.records.wait(s.ctx, *f.Sweep, f)
	}
	if f.Ports != 0 {
		return s.belfry.records.wait(s.ctx, f.Ports, f)
	}
	if f.NAT {
		return s.nat.packed(s.ctx, f)
	}
	name := f.Call
	s.mu.Lock()
	rec := s.records[name]
	s.mu.Unlock()
	switch {
	case rec == nil && name != "":
		return nil, false, pairing.ErrNoRecord
	case name == "" && (rec == nil || f.Offset == 0):
		rec, err = r.packLedger(s)
		if err != nil {
			return nil, false, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return rec.packed, rec.packed != nil, nil
}

// packLedger takes the ledger as it stands when its first part is asked for; the
// further parts come from the same copy.
func (r *Responder) packLedger(s *session) (*record, error) {
	packed, err := pairing.Encode(evidence.Ledger{
		Program: r.program(), Addresses: r.addresses, PublicAddress: r.public(s), Sockets: r.sockets, RTP: r.cfg.RTP,
		RouterWAN: r.cfg.RouterWAN, Gateway: s.router.said(s.ctx), Resolution: s.resolution(), Capture: r.lookout.facts(s.tally), Container: r.container,
		Tape: r.tape.Records(s.run), TapeDropped: r.tape.DroppedFrom(s.taped),
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[""] = &record{packed: packed}
	return s.records[""], nil
}
