package rtpprobe

import "time"

// ntpEpoch is the Unix epoch in NTP seconds (RFC 5905 section 6).
const ntpEpoch = 2208988800

// ntpTime is a 64-bit NTP timestamp (RFC 3550 section 4).
func ntpTime(t time.Time) uint64 {
	seconds := uint64(t.Unix() + ntpEpoch)
	return seconds<<32 | uint64(t.Nanosecond())<<32/1e9
}

// ntpMiddle is the form of an NTP timestamp that reports carry: 16 bits of seconds and 16 of their fraction.
func ntpMiddle(ntp uint64) uint32 { return uint32(ntp >> 16) }

// units65536 is a duration in units of 1/65536 s, rounded.
func units65536(d time.Duration) int64 { return (int64(d)<<16 + 5e8) / 1e9 }
