//go:build unix

package rtpprobe

import (
	"os"
	"syscall"
)

// openFiles is the limit of open files less those that are in use. Go has raised the soft limit already.
func openFiles() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return unlimitedFiles
	}
	const many = 1 << 20
	return int(min(uint64(limit.Cur), many)) - filesInUse()
}

// filesInUse is 0 where no directory tells.
func filesInUse() int {
	for _, name := range []string{"/proc/self/fd", "/dev/fd"} {
		dir, err := os.Open(name)
		if err != nil {
			continue
		}
		defer dir.Close()
		if names, err := dir.Readdirnames(-1); err == nil {
			return len(names) - 1 // without the directory itself
		}
	}
	return 0
}
