package network

import (
	"os"
	"strconv"
	"strings"
)

// badChecksums reads the kernel's counters of the thread's own network namespace.
func badChecksums() (int64, error) {
	four, err := os.ReadFile("/proc/thread-self/net/snmp")
	if err != nil {
		return 0, err
	}
	six, err := os.ReadFile("/proc/thread-self/net/snmp6")
	if err != nil {
		six = nil // a host without IPv6
	}
	return checksumErrors(string(four), string(six))
}

// checksumErrors finds the counters: a line of names and one of numbers for IPv4, a name
// and a number in a line for IPv6.
func checksumErrors(four, six string) (total int64, err error) {
	var names []string
	for line := range strings.Lines(four) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] != "Udp:" {
			continue
		}
		if names == nil {
			names = f
			continue
		}
		for i, name := range names[:min(len(names), len(f))] {
			if name == "InCsumErrors" {
				if total, err = strconv.ParseInt(f[i], 10, 64); err != nil {
					return 0, err
				}
			}
		}
	}
	for line := range strings.Lines(six) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "Udp6InCsumErrors" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return total + n, err
		}
	}
	return total, nil
}
