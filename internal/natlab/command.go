package natlab

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
)

// A Cmd is an [exec.Cmd] whose process runs on a host of a lab.
type Cmd struct {
	*exec.Cmd
	host *Host
}

// Command prepares a program to run on the host. It shares the machine's
// files and everything else but the network with the caller.
func (h *Host) Command(ctx context.Context, name string, args ...string) *Cmd {
	return &Cmd{Cmd: exec.CommandContext(ctx, name, args...), host: h}
}

// Start is [exec.Cmd.Start] on the host.
func (c *Cmd) Start() error { return c.host.Do(c.Cmd.Start) }

// Run is [exec.Cmd.Run] on the host.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Output is [exec.Cmd.Output] on the host; standard error is not captured.
func (c *Cmd) Output() ([]byte, error) {
	if c.Stdout != nil {
		return nil, errors.New("standard output is already set; use Run")
	}
	var out bytes.Buffer
	c.Stdout = &out
	err := c.Run()
	return out.Bytes(), err
}

// CombinedOutput is [exec.Cmd.CombinedOutput] on the host.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	if c.Stdout != nil || c.Stderr != nil {
		return nil, errors.New("standard output or error is already set; use Run")
	}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.Bytes(), err
}
