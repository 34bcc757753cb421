package natlab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// A namespace is an anonymous network namespace: it exists as long as this
// handle, a socket or a process is in it.
type namespace struct {
	mu     sync.RWMutex // held for reading while the handle is used
	handle netns.NsHandle
}

// newNamespace makes a namespace with its loopback up.
func newNamespace() (*namespace, error) {
	n := &namespace{handle: netns.None()}
	err := abroad(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return explain(err)
		}
		if n.handle, err = netns.Get(); err != nil {
			return err
		}
		return loopbackUp()
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a network namespace: %w", err), n.close())
	}
	return n, nil
}

// do calls f with the thread in the namespace.
func (n *namespace) do(f func() error) error {
	return abroad(func() error {
		if err := n.enter(); err != nil {
			return err
		}
		return f()
	})
}

// enter moves the thread into the namespace.
func (n *namespace) enter() error {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if !n.handle.IsOpen() {
		return fmt.Errorf("the lab is closed: %w", net.ErrClosed)
	}
	if err := netns.Set(n.handle); err != nil {
		return fmt.Errorf("enter the network namespace: %w", err)
	}
	return nil
}

func (n *namespace) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.handle.IsOpen() {
		return nil
	}
	return n.handle.Close()
}

// abroad calls f with the goroutine bound to its thread and brings the thread
// home to its namespace afterwards, also when f panics or leaves by Goexit.
// A thread that cannot be brought home stays bound: the runtime ends it with
// its goroutine, and makes no new threads from it.
func abroad(f func() error) (err error) {
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("find the thread's network namespace (is /proc mounted?): %w", err)
	}
	defer func() {
		back := netns.Set(home)
		if back == nil {
			runtime.UnlockOSThread()
		} else {
			back = fmt.Errorf("leave the network namespace: %w", back)
		}
		err = errors.Join(err, back, home.Close())
	}()
	return f()
}

// sysctl writes a kernel setting of the thread's namespace.
func sysctl(key, value string) error {
	err := os.WriteFile("/proc/sys/net/"+key, []byte(value), 0)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("this kernel has no setting net/%s here; leave it out, or load its module: %w", key, err)
	case err != nil:
		return fmt.Errorf("set net/%s (a read-only /proc/sys is usual in containers; run outside): %w", key, err)
	}
	return nil
}
