package natlab

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Supported tells whether a lab can be built by this process: nil, or one
// sentence with the reason and the next step. It tries, with a router that has
// no links.
func Supported() error {
	ns, err := newNamespace()
	if err != nil {
		return fmt.Errorf("natlab: %w", err)
	}
	trial := &Host{name: "trial router", ns: ns}
	err = trial.Do(trial.tune)
	if err == nil {
		err = natRouter{host: trial}.program(nil)
	}
	if err = errors.Join(err, ns.close()); err != nil {
		return fmt.Errorf("natlab: %w", err)
	}
	return nil
}

// permitted tells whether this process has the right to make namespaces.
func permitted() bool {
	ns, err := newNamespace()
	return err == nil && ns.close() == nil
}

// explain adds to a refusal the reason that this machine gives for it.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.ENOSPC):
		return fmt.Errorf("%w (hint: raise user.max_net_namespaces)", err)
	case !errors.Is(err, unix.EPERM):
		return err
	}
	return fmt.Errorf("%w (hint: %s)", err, refusal())
}

// refusal is the next step for somebody without the right to make namespaces.
func refusal() string {
	for _, s := range []struct{ file, forbids, hint string }{
		{"kernel/unprivileged_userns_clone", "0", "set kernel.unprivileged_userns_clone=1, or run as root"},
		{"user/max_user_namespaces", "0", "raise user.max_user_namespaces, or run as root"},
		{"kernel/apparmor_restrict_unprivileged_userns", "1", "set kernel.apparmor_restrict_unprivileged_userns=0, or run as root"},
	} {
		b, err := os.ReadFile("/proc/sys/" + s.file)
		if err == nil && strings.TrimSpace(string(b)) == s.forbids {
			return s.hint
		}
	}
	if why := os.Getenv(refusedVar); why != "" {
		return "a user namespace was refused too: " + why + "; run as root, and in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN"
	}
	return "run as root, and in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN"
}
