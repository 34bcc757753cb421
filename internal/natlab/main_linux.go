package natlab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// insideVar marks the process that Main started in a user namespace.
	insideVar = "BOTHWAYS_NATLAB_INSIDE"
	// refusedVar carries to Supported why Main could start none.
	refusedVar = "BOTHWAYS_NATLAB_REFUSED"
)

// Main calls run where labs can be built, and returns its exit status. A
// process with the rights just calls it. Another one starts its own binary
// again, with the same arguments, environment and files, as root of a new user
// and network namespace, passes signals on to it, and returns its exit status
// (128 and the signal's number when a signal ended it). Where that is
// forbidden Main calls run all the same, and [Supported] says why it will fail.
//
// It belongs first in main and TestMain:
//
//	func TestMain(m *testing.M) { os.Exit(natlab.Main(m.Run)) }
//
// What run sees of the network outside its labs is then an empty namespace
// with a loopback.
func Main(run func() int) int {
	if os.Getenv(insideVar) != "" {
		os.Unsetenv(insideVar)
		if err := loopbackUp(); err != nil {
			fmt.Fprintln(os.Stderr, "natlab: bring loopback up:", err)
		}
		return run()
	}
	if permitted() {
		return run()
	}
	status, err := again()
	if err != nil {
		os.Setenv(refusedVar, err.Error())
		return run()
	}
	return status
}

// again runs the binary in a user namespace and waits for it. An error means
// that it did not start.
func again() (status int, err error) {
	// The kernel takes the thread that forked for the parent whose death
	// the child must not survive.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2)
	defer signal.Stop(signals)
	cmd := againCmd()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done, passed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(passed)
		pass(signals, cmd.Process, done)
	}()
	err = cmd.Wait()
	close(done)
	<-passed
	return exitStatus(cmd.ProcessState, err), nil
}

// againCmd is this process once more, as root of its own namespaces.
func againCmd() *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Args = os.Args
	cmd.Env = append(os.Environ(), insideVar+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		Pdeathsig:   unix.SIGKILL,
	}
	return cmd
}

// pass hands signals on until done. What a terminal sends goes to both
// processes already.
func pass(signals <-chan os.Signal, to *os.Process, done <-chan struct{}) {
	for {
		select {
		case s := <-signals:
			typed := s == unix.SIGINT || s == unix.SIGQUIT
			if !typed || !inForeground() {
				_ = to.Signal(s) // it fails only when the process is gone
			}
		case <-done:
			return
		}
	}
}

// inForeground tells whether keys typed at the terminal signal this process.
func inForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// exitStatus is the status of an ended process as a shell would give it.
func exitStatus(state *os.ProcessState, err error) int {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 1
	}
	if w, ok := state.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return state.ExitCode()
}
