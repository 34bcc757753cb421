package cli

import (
	"bytes"
	"encoding/binary"
	"os"
	"unicode/utf16"
)

// The byte order marks that begin a text file as editors and shells of Windows write it.
const (
	utf8Mark    = "\xef\xbb\xbf"
	utf16Little = "\xff\xfe"
	utf16Big    = "\xfe\xff"
)

// readTextFile reads a text file as UTF-8 without a byte order mark. Notepad writes such
// marks, and PowerShell's > writes UTF-16.
func readTextFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return utf8Text(data), nil
}

func utf8Text(data []byte) []byte {
	switch {
	case bytes.HasPrefix(data, []byte(utf16Little)):
		return fromUTF16(data[len(utf16Little):], binary.LittleEndian)
	case bytes.HasPrefix(data, []byte(utf16Big)):
		return fromUTF16(data[len(utf16Big):], binary.BigEndian)
	}
	return bytes.TrimPrefix(data, []byte(utf8Mark))
}

func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}
