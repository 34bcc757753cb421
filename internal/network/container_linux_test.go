package network

import (
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func attribute(kind uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, kind), value...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

// newLink is one interface in the kernel's answer.
func newLink(index uint32, attrs ...[]byte) []byte {
	info := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(info[4:], index)
	body := append(info, slices.Concat(attrs...)...)
	b := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	b = binary.NativeEndian.AppendUint16(b, unix.RTM_NEWLINK)
	return append(append(b, make([]byte, unix.SizeofNlMsghdr-len(b))...), body...)
}

func TestLinksIn(t *testing.T) {
	kind := func(name string) []byte {
		return attribute(unix.IFLA_LINKINFO, slices.Concat(attribute(unix.IFLA_INFO_DATA, []byte{1}), attribute(unix.IFLA_INFO_KIND, []byte(name+"\x00"))))
	}
	elsewhere := attribute(unix.IFLA_LINK_NETNSID, make([]byte, 4))
	nested := kind("veth")
	binary.NativeEndian.PutUint16(nested[2:], unix.IFLA_LINKINFO|unix.NLA_F_NESTED)
	for name, row := range map[string]struct {
		answer  []byte
		veths   []int
		bridges int
	}{
		"a container": {slices.Concat(newLink(1), newLink(7, attribute(unix.IFLA_IFNAME, []byte("eth0\x00")), kind("veth"), elsewhere)), []int{7}, 0},
		"nested":      {newLink(300, nested, elsewhere), []int{300}, 0},
		"its machine": {slices.Concat(newLink(2), newLink(3, kind("bridge")), newLink(8, kind("veth"), elsewhere)), []int{8}, 1},
		"both ends":   {slices.Concat(newLink(2, kind("veth")), newLink(3, kind("veth"))), nil, 0},
		"macvlan":     {newLink(2, kind("macvlan"), elsewhere), nil, 0},
		"plain":       {newLink(2), nil, 0},
		"cut short":   {newLink(2, attribute(unix.IFLA_LINKINFO, []byte{40, 0, 1, 0}), elsewhere), nil, 0},
		"nothing":     {nil, nil, 0},
	} {
		veths, bridges, err := linksIn(row.answer)
		if got := slices.Sorted(maps.Keys(veths)); err != nil || !slices.Equal(got, row.veths) || bridges != row.bridges {
			t.Errorf("%s: veths %v, %d bridges, %v", name, got, bridges, err)
		}
	}
}

func TestContainerSigns(t *testing.T) {
	s, err := ContainerSigns(Host{})
	if err != nil {
		t.Fatal(err)
	}
	if want := engineFile(os.Stat); s.File != want {
		t.Errorf("file %q, want %q", s.File, want)
	}
	if _, err := ContainerSigns(nil); !errors.Is(err, ErrNoSigns) {
		t.Error(err)
	}
	podman := func(name string) (os.FileInfo, error) {
		if name == "/run/.containerenv" {
			return nil, nil
		}
		return nil, os.ErrNotExist
	}
	if got := engineFile(podman); got != "/run/.containerenv" {
		t.Errorf("found %q", got)
	}
}
