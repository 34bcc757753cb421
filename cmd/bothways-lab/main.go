// Bothways-lab builds a small Internet with real NATs on one Linux machine, plants a
// fault in it, and runs client and responder through it.
//
//	bothways-lab faults               list what can be planted
//	bothways-lab run FAULT            run it: the report, and whether it is right
//	bothways-lab matrix [FAULT ...]   run all of them, or those named, and compare
//	bothways-lab shell HOST           a shell on one of the hosts
//	bothways-lab bench [PART ...]     measure sweeps: inbound, outbound, growth, memory, verdicts
//
// Bench runs each part, or those named, five times (--repeat), prints the medians, and
// measures nmap beside it where that is installed. Its verdicts part sweeps through random loss and
// through a policer, 20 times each (--sweeps), with ports dropped that must be found, and
// counts the ports that are judged wrong; it takes some ten minutes.
//
// It needs no other program and, where user namespaces are allowed, no root.
//
// The exit status of run and matrix is 0 when the findings are those that were planted
// and no others, 2 when they are not, and 3 when the lab could not be built. That of bench is
// 2 when a port was judged wrong.
package main

import (
	"os"

	"bothways/internal/console"
	"bothways/internal/lab"
)

func main() { os.Exit(lab.Command(os.Args[1:], console.Process())) }
