package rtpprobe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// What a sweep does unless told otherwise.
const (
	// DefaultSweepRate is where the pace starts, in requests a second: with DefaultProbeBytes some 1.5
	// Mbit/s on the wire, three quarters of an uplink of 2 Mbit/s.
	DefaultSweepRate = 876
	// MaxSweepRate is the fastest pace, in requests a second; starting with it is not to pace at all.
	MaxSweepRate = 1_000_000
	// DefaultSweepRounds bounds how often a port is tried: what a loss of a fifth, both ways together, takes
	// to be told from a block.
	DefaultSweepRounds = 20
	// maxRounds is what the marks of a port hold.
	maxRounds = 32
	// maxSweepConns bounds the local sockets.
	maxSweepConns = 1024
)

// A SweepConfig describes the sending end of a sweep.
type SweepConfig struct {
	Terms SweepTerms
	// Conns are the local sockets; each sends, from its own port, an equal share of each round, and in another
	// round another share. The caller owns and closes them, after Sweep returned; nothing else may use them
	// meanwhile. They must honour SetReadDeadline. On Linux a *net.UDPConn is read and written many packets at a time.
	Conns []net.PacketConn
	// Remote is the address whose ports are tried.
	Remote netip.Addr
	// Ports are tried.
	Ports PortSet

	// Rate is the pace at the start and MaxRate that which it may rise to, in requests a second
	// (0 = DefaultSweepRate and MaxSweepRate).
	Rate, MaxRate int
	// ProbeBytes is the size of a probe in bytes of UDP payload (0 = DefaultProbeBytes).
	ProbeBytes int
	// Rounds bounds the attempts for each port (0 = DefaultSweepRounds, at most 32).
	Rounds int
	// Patience is for how long a sweep goes on asking when everything stopped at once (0 = 5 s).
	Patience time.Duration
	// Arrived asks the far end, on another way than that of the requests, on how many ports requests of this sweep
	// have arrived. It is called from the goroutine of Sweep while nothing answers: where it says at once that
	// nothing has arrived, no answer can come, and it tells how far away the far end is. nil = it cannot be asked.
	Arrived func(context.Context) (int, error)
	// Portable does without the fast paths of this system.
	Portable bool
	// Progress is told how it goes, some ten times a second, from the goroutine of Sweep (nil = nobody is).
	Progress func(SweepProgress)
}

// A SweepProgress is how far a sweep is.
type SweepProgress struct {
	// Round counts from 0. Ports are those of the sweep, Answered those that were heard of so far.
	Round, Ports, Answered int
	// Packets were sent; RatePPS is the pace of now.
	Packets int64
	RatePPS float64
	// Left is the time that the round takes from here on at this pace.
	Left time.Duration
}

// resolve returns the configuration with its defaults filled in.
func (cfg SweepConfig) resolve() (SweepConfig, error) {
	cfg = cfg.withDefaults()
	if err := cfg.Terms.check(); err != nil {
		return cfg, err
	}
	switch {
	case len(cfg.Conns) == 0 || len(cfg.Conns) > maxSweepConns:
		return cfg, fmt.Errorf("a sweep needs 1 to %d local sockets", maxSweepConns)
	case !cfg.Remote.IsValid() || cfg.Remote.IsUnspecified() || cfg.Remote.IsMulticast():
		return cfg, fmt.Errorf("a sweep needs the address of one host, not %v", cfg.Remote)
	case cfg.Ports.IsZero():
		return cfg, errors.New("a sweep needs ports")
	case cfg.Rate < 1 || cfg.MaxRate < cfg.Rate || cfg.MaxRate > MaxSweepRate:
		return cfg, fmt.Errorf("pace of %d up to %d packets a second: want 1 to %d", cfg.Rate, cfg.MaxRate, MaxSweepRate)
	case cfg.ProbeBytes < MinProbeBytes || cfg.ProbeBytes > MaxProbeBytes:
		return cfg, fmt.Errorf("probes of %d bytes: want %d to %d", cfg.ProbeBytes, MinProbeBytes, MaxProbeBytes)
	case cfg.Rounds < 1 || cfg.Rounds > maxRounds:
		return cfg, fmt.Errorf("%d rounds: want 1 to %d", cfg.Rounds, maxRounds)
	}
	return cfg, nil
}

func (cfg SweepConfig) withDefaults() SweepConfig {
	setDefault(&cfg.Rate, DefaultSweepRate)
	setDefault(&cfg.MaxRate, MaxSweepRate)
	setDefault(&cfg.ProbeBytes, DefaultProbeBytes)
	setDefault(&cfg.Rounds, DefaultSweepRounds)
	if cfg.Patience == 0 {
		cfg.Patience = 5 * time.Second
	}
	cfg.Remote = cfg.Remote.Unmap()
	return cfg
}

func setDefault(v *int, value int) {
	if *v == 0 {
		*v = value
	}
}

// A SweepEstimate is what a sweep will cost, each way. It costs less when the pace rises.
type SweepEstimate struct {
	// Packets and Bytes (with the headers of IP and UDP) of one round, controls included, if every port answers.
	Packets int64 `json:"packets"`
	Bytes   int64 `json:"bytes"`
	// Seconds is for how long that takes at the pace of the start.
	Seconds float64 `json:"seconds"`
	// MaxPackets is what it can come to when no port needs fewer than all rounds.
	MaxPackets int64 `json:"max_packets"`
}

// Estimate says what Sweep will send. Only Ports, Rate, ProbeBytes, Rounds and Remote matter.
func (cfg SweepConfig) Estimate() SweepEstimate {
	cfg = cfg.withDefaults()
	ports := int64(cfg.Ports.Len())
	packets := ports + ports/controlEvery
	header := int64(28)
	if cfg.Remote.Is6() {
		header = 48
	}
	return SweepEstimate{
		Packets: packets, Bytes: packets * (int64(cfg.ProbeBytes) + header), Seconds: float64(packets) / float64(cfg.Rate),
		MaxPackets: packets + int64(cfg.Rounds-1)*(ports+int64(controlsFor(int(ports), float64(cfg.MaxRate)))),
	}
}
