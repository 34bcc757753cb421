// Package console is how the commands speak. What they produce goes to standard
// output; everything else goes to standard error in one voice: the program's name,
// lower case, and for each failure a hint that names the next step.
package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/emiago/sipgo/sip"
)

// Version is what the programs call themselves.
const Version = "0.1.0"

// Exit statuses, as monitoring plug-ins have them. Those of verdicts are
// diagnosis.Verdict.ExitStatus.
const (
	ExitOK     = 0
	ExitFailed = 3 // could not run, or wrong usage
)

// Streams are where a command reads and writes, and how it sees its environment.
type Streams struct {
	Out, Err io.Writer
	Getenv   func(string) string
}

// Process returns the streams of the running process.
func Process() Streams {
	return Streams{Out: encoded(os.Stdout), Err: encoded(os.Stderr), Getenv: os.Getenv}
}

// hinted is an error that knows the next step.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// Hint adds the next step to an error; nil stays nil.
func Hint(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hinted{error: err, hint: fmt.Sprintf(format, args...)}
}

// Status is an error that only carries an exit status: everything was said.
type Status int

// Error is for those who do not look at the status.
func (s Status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// finish turns what a command returned into an exit status, and says what went wrong.
func finish(program string, err error, stderr io.Writer) int {
	var s Status
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &s):
		return int(s)
	}
	fmt.Fprintf(stderr, "%s: %v\n", program, err)
	if h, ok := errors.AsType[hinted](err); ok {
		fmt.Fprintf(stderr, "hint: %s\n", h.hint)
	}
	return ExitFailed
}

// Command parses the arguments into the grammar, a pointer to a struct as kong has
// it, runs what they chose, and returns the exit status. Run methods may take a
// context.Context, which an interrupt ends, and Streams.
func Command(program, description string, grammar any, args []string, s Streams) int {
	helped := false
	parser, err := kong.New(grammar,
		kong.Name(program), kong.Description(description), kong.Writers(s.Out, s.Err),
		kong.Exit(func(int) { helped = true }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"version": program + " " + Version},
	)
	if err != nil {
		return finish(program, err, s.Err)
	}
	chosen, err := parser.Parse(asFlags(args))
	if helped {
		return ExitOK
	}
	if err != nil {
		return finish(program, Hint(inWords(err), "%s", usageHint(program, err)), s.Err)
	}
	quietLibraries()
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	chosen.BindTo(ctx, (*context.Context)(nil))
	chosen.Bind(s)
	return finish(program, chosen.Run(), s.Err)
}

// asFlags reads "help run" and "version", which people try first, as "run --help" and "--version".
func asFlags(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case len(args) == 1 && args[0] == "version":
		return []string{"--version"}
	}
	return args
}

// inWords puts kong's words for what is wrong with a flag into those of its users.
func inWords(err error) error {
	text := strings.NewReplacer(
		`but got "EOL" (<EOL>)`, "and got nothing",
		"a valid 16 bit uint", "a port from 0 to 65535",
		" string value", " a value",
		"expected duration but", "expected a time with its unit, as 30s or 5m, but",
	).Replace(err.Error())
	return errors.New(text)
}

// endings are the signals that end a command: an interrupt, a closed window, a lost
// connection. Nohup's wish to outlive the latter is honoured.
func endings() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{os.Interrupt, syscall.SIGTERM}
	}
	return []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
}

// usageHint names the help of the command that was meant, as far as it was understood.
func usageHint(program string, err error) string {
	if wrong, ok := errors.AsType[*kong.ParseError](err); ok {
		if chosen := wrong.Context.Selected(); chosen != nil {
			return fmt.Sprintf("%s --help lists its flags", chosen.FullPath())
		}
	}
	return program + " --help lists the commands and flags"
}

// quietLibraries silences what sipgo logs beside the logger that it is given.
func quietLibraries() { sip.SetDefaultLogger(slog.New(slog.DiscardHandler)) }

// VersionFlag prints the version and ends the program.
type VersionFlag bool

// BeforeApply is called by kong when the flag is given.
func (VersionFlag) BeforeApply(app *kong.Kong, vars kong.Vars) error {
	fmt.Fprintln(app.Stdout, vars["version"])
	app.Exit(ExitOK)
	return nil
}

// Overrides are the flags that change a scenario for one run.
type Overrides struct {
	Talk       time.Duration `placeholder:"DURATION" help:"How long each side talks in a call, instead of what the scenario says."`
	Pause      time.Duration `placeholder:"DURATION" help:"How long both sides of each call fall silent halfway through, as on hold."`
	RatePPS    int           `name:"rate" placeholder:"PPS" help:"Pace at which sweeps start, in probes a second, instead of what the scenario says."`
	ProbeBytes int           `placeholder:"N" help:"UDP payload of a sweep's probe, in bytes."`
	// SweepSample is the lab's own.
	SweepSample int  `kong:"-"`
	Long        bool `help:"Add the checks of the scenario long, which take a quarter of an hour."`
}
