package lab

// SIPFaults lists what middleboxes do to SIP.
func SIPFaults() []Fault { return sipFaults() }
