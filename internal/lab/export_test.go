package lab

import (
	"bothways/internal/natlab"
	"bothways/internal/network"
)

// OnHost is a host of the lab as the two programs see their machine.
func OnHost(h *natlab.Host) network.Network { return host{h} }

// SIPFaults lists what middleboxes do to SIP.
func SIPFaults() []Fault { return sipFaults() }

// PrintMatrix prints the table of a matrix.
var PrintMatrix = printMatrix
