//go:build !unix

package rtpprobe

// openFiles adds what OpenFileBudget takes off again.
func openFiles() int { return unlimitedFiles + filesReserve }
