package network

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// defaultRouter reads the routing table of the thread's own network namespace.
func defaultRouter() (netip.Addr, error) {
	table, err := os.ReadFile("/proc/thread-self/net/route")
	if err != nil {
		return netip.Addr{}, err
	}
	return routerIn(string(table))
}

// The columns of /proc/net/route.
const (
	routeDestination = 1
	routeGateway     = 2
	routeFlags       = 3
	routeMetric      = 6
	routeMask        = 7
	routeColumns     = 8
)

// routerIn finds the default route with the lowest metric that goes by a router.
func routerIn(table string) (netip.Addr, error) {
	const viaRouter = 2 // RTF_GATEWAY
	var best netip.Addr
	lowest := uint64(1 << 32)
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < routeColumns || f[routeDestination] != "00000000" || f[routeMask] != "00000000" {
			continue
		}
		flags, _ := strconv.ParseUint(f[routeFlags], 16, 16)
		metric, err := strconv.ParseUint(f[routeMetric], 10, 32)
		gateway, bad := hex.DecodeString(f[routeGateway])
		if flags&viaRouter == 0 || err != nil || bad != nil || len(gateway) != 4 || metric >= lowest {
			continue
		}
		// The kernel prints the number as its processor keeps it.
		var a [4]byte
		binary.NativeEndian.PutUint32(a[:], binary.BigEndian.Uint32(gateway))
		best, lowest = netip.AddrFrom4(a), metric
	}
	if !best.IsValid() {
		return best, ErrNoRouter
	}
	return best, nil
}
