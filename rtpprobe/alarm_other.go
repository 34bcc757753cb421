//go:build !linux

package rtpprobe

// newKernelAlarm returns nil: this system's timers are those of package time.
func newKernelAlarm() alarm { return nil }
