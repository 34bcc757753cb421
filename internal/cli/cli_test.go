package cli_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"bothways/internal/cli"
	"bothways/internal/console"
	"bothways/internal/lab"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bothways":           func() { os.Exit(cli.Client(os.Args[1:], console.Process())) },
		"bothways-responder": func() { os.Exit(cli.Responder(os.Args[1:], console.Process())) },
		"bothways-lab":       func() { os.Exit(lab.Command(os.Args[1:], console.Process())) },
		// exits runs a command and holds its status against what is wanted.
		"exits": func() { os.Exit(exits(os.Args[1:])) },
	})
}

// TestCommands runs the commands as people do.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", RequireExplicitExec: true})
}
