package cli_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// exits runs a command whose status must be the first argument.
func exits(args []string) int {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	got := 0
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if got != want {
		fmt.Fprintf(os.Stderr, "exit status %d, want %d\n", got, want)
		return 1
	}
	return 0
}
