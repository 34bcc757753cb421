package scenarios_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bothways/scenarios"
)

// A tableRow is one of a vendor's port table.
type tableRow struct{ table, direction, ports, protocol, needed, purpose string }

// TestVendorTables makes the vendor's tables of the scenarios, and holds them against what
// is printed, row for row; misprints are listed in one file.
func TestVendorTables(t *testing.T) {
	printed, misprints := readTable(t, "starface.txt"), readTable(t, "exceptions.txt")
	for pair := range slices.Chunk(misprints, 2) {
		at := slices.Index(printed, pair[0])
		if at < 0 || len(pair) != 2 {
			t.Fatalf("%v is not printed", pair)
		}
		printed[at] = pair[1]
	}
	for table, name := range map[string]string{
		"ports": "starface-ports", "tls": "starface-tls", "trunk": "starface-trunk", "clients": "starface-clients", "mobile": "starface-mobile",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := scenarios.Named(name)
			if err != nil {
				t.Fatal(err)
			}
			made := tableOf(table, s)
			for _, row := range printed {
				if row.table == table && !slices.Contains(made, row) {
					t.Errorf("not tested: %v", row)
				}
			}
			for i, row := range made {
				if !slices.Contains(printed, row) {
					t.Errorf("not in the table: %v", row)
				}
				if slices.Contains(made[:i], row) {
					t.Errorf("twice: %v", row)
				}
			}
		})
	}
}

func readTable(t *testing.T, name string) (rows []tableRow) {
	t.Helper()
	data, err := os.ReadFile("testdata/tables/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		c := strings.Split(line, " | ")
		if len(c) != 6 {
			t.Fatalf("%s: %q", name, line)
		}
		rows = append(rows, tableRow{c[0], c[1], c[2], c[3], c[4], c[5]})
	}
	return rows
}

// tableOf makes the table of a scenario: the first check of a port stands for its row, or
// where its purpose has semicolons for several.
func tableOf(table string, s scenarios.Scenario) (rows []tableRow) {
	seen := make(map[tableRow]bool)
	for _, c := range s.Checks {
		row := rowOf(table, c)
		if seen[row] {
			continue
		}
		seen[row] = true
		if table == "tls" {
			row.purpose = "TLS " + c.TLS.MinVersion
			if c.TLS.MinVersion > "1.0" {
				row.purpose = "no TLS 1.0"
			}
			rows = append(rows, row)
			continue
		}
		for purpose := range strings.SplitSeq(c.Purpose, "; ") {
			row.purpose = purpose
			rows = append(rows, row)
		}
	}
	return rows
}

// rowOf is a check as tables have it, without its purpose.
func rowOf(table string, c scenarios.Check) tableRow {
	row := tableRow{table: table, direction: string(c.Direction), needed: "yes", protocol: "tcp"}
	if c.Optional {
		row.needed = "if the provider supports it"
	}
	if c.Transport == "udp" {
		row.protocol = "udp"
	}
	switch {
	case c.Port != nil:
		row.ports = strconv.Itoa(int(c.Port.Number))
	case c.Sweep != nil:
		row.ports = c.Sweep.Ports
	case c.TLS != nil && c.TLS.Port != 0:
		row.ports = strconv.Itoa(int(c.TLS.Port))
	case c.Transport == "tls":
		row.ports = "5061"
	default:
		row.ports = "5060"
	}
	if table == "ports" {
		row.needed = "-"
		if c.Sweep == nil {
			row.direction = "-"
		}
	}
	return row
}

// TestEachHasASource: every scenario that ships says where its terms come from.
func TestEachHasASource(t *testing.T) {
	all, err := scenarios.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Source == nil {
			t.Errorf("%s says no source", s.Name)
		}
	}
}
