//go:build !race

package rtpprobe_test

// sweepSeeds is how many sweeps of a kind are tried.
const sweepSeeds = 20

// sweepAll are the ports of a large sweep.
const sweepAll = "1025-65535"
