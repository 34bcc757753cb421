//go:build race

package rtpprobe_test

// sweepSeeds is how many sweeps of a kind are tried: fewer, since the race detector makes them ten times as slow.
const sweepSeeds = 4

// sweepAll are the ports of a large sweep.
const sweepAll = "1025-12000"
