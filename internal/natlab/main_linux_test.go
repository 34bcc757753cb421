package natlab_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// commoner is this binary in a part, as a user without any rights: number 1000
// of a user namespace.
func commoner(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-last")
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 1000, HostID: os.Getegid(), Size: 1}},
	}
	return cmd
}

// start starts the command, or skips where user namespaces are forbidden.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Skip("no user namespaces here: ", err)
	}
}

func TestMainGetsTheRights(t *testing.T) {
	t.Parallel()
	cmd := commoner(t, "look")
	var out strings.Builder
	cmd.Stdin, cmd.Stdout = strings.NewReader("input"), &out
	start(t, cmd)
	err := cmd.Wait()
	if out.String() != "-last input <nil>" || cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("arguments, input and support are %q, %v", out.String(), err)
	}
}

func TestMainPassesSignals(t *testing.T) {
	t.Parallel()
	cmd := commoner(t, "wait for a signal")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Fatalf("read %q, %v", line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("ended with %v, want status 7", cmd.ProcessState)
	}
}

func TestMainTellsOfAKill(t *testing.T) {
	t.Parallel()
	cmd := commoner(t, "be killed")
	start(t, cmd)
	if cmd.Wait(); cmd.ProcessState.ExitCode() != 128+int(syscall.SIGKILL) {
		t.Errorf("ended with %v, want status 137", cmd.ProcessState)
	}
}

// The second process must not outlive a first one that is killed outright:
// the pipe that both hold closes.
func TestMainLeavesNoOrphan(t *testing.T) {
	t.Parallel()
	cmd := commoner(t, "wait for a signal")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	cmd.Stdout = w
	start(t, cmd)
	w.Close()
	in := bufio.NewReader(r)
	if line, err := in.ReadString('\n'); line != "ready\n" {
		t.Fatalf("read %q, %v", line, err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	r.SetReadDeadline(time.Now().Add(soon))
	if _, err := in.ReadByte(); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the second process lives on")
	}
}
