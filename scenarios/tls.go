package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// A TLS says what a TLS port of the site must be like.
type TLS struct {
	// Port is the TCP port; 0 is the site's port for SIP over TLS.
	Port uint16 `json:"port,omitempty"`
	// ServerName is the name to ask for, which the certificate must then bear; empty is
	// the name by which the target was dialled, if it was one.
	ServerName string `json:"server_name,omitempty"`
	// MinVersion is the oldest version of TLS that the port may accept: "1.0" to "1.3".
	MinVersion string `json:"min_version"`
	// MinDaysLeft degrades a certificate that is valid for fewer days; 0 asks for no more
	// than that it is valid.
	MinDaysLeft int `json:"min_days_left,omitempty"`
	// Trust says who must have signed the certificate.
	Trust Trust `json:"trust"`
}

// Trust says who must have signed a certificate.
type Trust string

// The kinds of trust.
const (
	// TrustAny takes any certificate, self-signed ones too.
	TrustAny Trust = "any"
	// TrustPublic takes what leads to a root that the client's machine knows.
	TrustPublic Trust = "public"
)

// Limits and defaults of TLS checks.
const (
	DefaultMinVersion = "1.2"
	MaxMinDaysLeft    = 3650
)

// fileTLS are the keys of TLS checks.
type fileTLS struct {
	ServerName  string `yaml:"server_name"`
	MinVersion  string `yaml:"min_version"`
	MinDaysLeft *int   `yaml:"min_days_left"`
	Trust       string `yaml:"trust"`
}

// hostName is letters, digits and hyphens in labels joined by dots.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?$`)

// CheckServerName says what is wrong with a server's name or address, nil when nothing is.
func CheckServerName(name string) error {
	if _, err := netip.ParseAddr(name); err == nil {
		return nil
	}
	if len(name) > 253 || !hostName.MatchString(name) {
		return fmt.Errorf("%q is neither a host name nor an address; a name with other letters is written as in DNS, with xn--", name)
	}
	return nil
}

// TLSVersions are the versions that a scenario can name, the oldest first.
func TLSVersions() []string { return []string{"1.0", "1.1", "1.2", "1.3"} }

// CheckTLSVersion says what is wrong with a version, nil when nothing is.
func CheckTLSVersion(v string) error {
	if !slices.Contains(TLSVersions(), v) {
		return fmt.Errorf("%q is none of %s", v, strings.Join(TLSVersions(), ", "))
	}
	return nil
}

// tls makes the check of a TLS port, whose id is as written.
func (c fileCheck) tls(base Check) ([]Check, error) {
	switch {
	case len(c.Transports) > 0:
		return nil, errors.New("transports: a tls check has none")
	case base.Direction != Inbound:
		return nil, errors.New("direction: tls checks are inbound")
	}
	t := TLS{ServerName: c.TLS.ServerName, MinVersion: c.TLS.MinVersion}
	if c.Port != "" {
		number, ok := portOf(c.Port)
		if !ok {
			return nil, fmt.Errorf("port: %s is not between 1 and 65535; leave it out for the port of SIP over TLS", c.Port)
		}
		t.Port = uint16(number)
	}
	if t.ServerName != "" {
		if err := CheckServerName(t.ServerName); err != nil {
			return nil, fmt.Errorf("server_name: %w", err)
		}
	}
	if t.MinVersion == "" {
		t.MinVersion = DefaultMinVersion
	}
	if err := CheckTLSVersion(t.MinVersion); err != nil {
		return nil, fmt.Errorf(`min_version: %w, as in "1.2"`, err)
	}
	if c.TLS.MinDaysLeft != nil {
		if t.MinDaysLeft = *c.TLS.MinDaysLeft; t.MinDaysLeft < 0 || t.MinDaysLeft > MaxMinDaysLeft {
			return nil, fmt.Errorf("min_days_left: %d is not between 0 and %d", t.MinDaysLeft, MaxMinDaysLeft)
		}
	}
	var err error
	if t.Trust, err = oneOf("trust", c.TLS.Trust, TrustAny, TrustAny, TrustPublic); err != nil {
		return nil, err
	}
	base.ID, base.Transport, base.TLS = c.ID, "tls", &t
	return []Check{base}, nil
}
