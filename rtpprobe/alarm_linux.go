package rtpprobe

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A kernelAlarm is a timerfd that Go's network poller waits for: the kernel wakes it to the microsecond,
// where the runtime rounds its own timers to the millisecond.
type kernelAlarm struct {
	fd   int
	file *os.File
	// count receives the number of expirations, which nobody needs.
	count [8]byte
}

// newKernelAlarm returns nil when the kernel has no timer to spare.
func newKernelAlarm() alarm {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	return &kernelAlarm{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}
}

func (a *kernelAlarm) set(d time.Duration) {
	when := unix.ItimerSpec{Value: unix.NsecToTimespec(max(int64(d), 1))} // 0 would be never
	// It fails for a wrong descriptor or time only, and neither can be.
	_ = unix.TimerfdSettime(a.fd, 0, &when, nil)
}

func (a *kernelAlarm) wait() bool {
	_, err := a.file.Read(a.count[:])
	return err == nil
}

func (a *kernelAlarm) close() { a.file.Close() }
