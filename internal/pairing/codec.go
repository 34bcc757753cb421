package pairing

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"bothways/internal/resolve"
)

// maxDecoded bounds what a compressed record or reply may unpack to, maxOrder what
// an order may: the responder keeps some of them.
const (
	maxDecoded = 64 << 20
	maxOrder   = 16 << 10
)

// Encode compresses a value's JSON.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

var errTooLarge = errors.New("too large")

// Decode reads what Encode wrote.
func Decode(data []byte, v any) error { return decode(data, v, maxDecoded) }

func decode(data []byte, v any, limit int64) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	limited := &io.LimitedReader{R: z, N: limit + 1}
	err = json.NewDecoder(limited).Decode(v)
	if limited.N == 0 {
		return errTooLarge
	}
	return err
}

// The names in an order become part of SIP messages.
var (
	runPattern   = regexp.MustCompile(`^[a-z0-9]{1,16}$`)
	checkPattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)
)

// DecodeOrder reads an order, and refuses one whose size, names or ports are out of bounds.
func DecodeOrder(data []byte) (Order, error) {
	var o Order
	if err := decode(data, &o, maxOrder); err != nil {
		return Order{}, err
	}
	if !runPattern.MatchString(o.Run) {
		return Order{}, errors.New("bad run id")
	}
	for _, name := range o.checks() {
		if !checkPattern.MatchString(name) {
			return Order{}, fmt.Errorf("bad name of a check: %q", name)
		}
	}
	if o.Fetch != nil && (o.Fetch.HoldMs < 0 || o.Fetch.HoldMs > int(MaxHold.Milliseconds())) {
		return Order{}, errors.New("hold time out of bounds")
	}
	if err := o.checkPath(); err != nil {
		return Order{}, err
	}
	if o.Hello != nil && o.Hello.Name != "" && !resolve.IsName(o.Hello.Name) {
		return Order{}, errors.New("bad name of a host")
	}
	if o.Sweep != nil {
		if err := o.Sweep.check(); err != nil {
			return Order{}, err
		}
	}
	if o.Port != nil {
		if err := o.Port.check(); err != nil {
			return Order{}, err
		}
	}
	if o.Load != nil {
		if err := o.Load.check(); err != nil {
			return Order{}, err
		}
	}
	if o.NAT != nil {
		if err := o.NAT.check(); err != nil {
			return Order{}, err
		}
	}
	return o, nil
}

// checks are the names of checks in the order.
func (o Order) checks() (out []string) {
	if o.Expect != nil {
		out = append(out, o.Expect.Check.ID)
	}
	if o.Call != nil {
		out = append(out, o.Call.Check.ID)
	}
	if o.Reach != nil {
		out = append(out, o.Reach.Check)
	}
	if o.Size != nil {
		out = append(out, o.Size.Check.ID)
	}
	if o.Marks != nil {
		out = append(out, o.Marks.Check.ID)
	}
	if o.Load != nil {
		out = append(out, o.Load.name())
	}
	if o.Fetch != nil && o.Fetch.Call != "" {
		out = append(out, o.Fetch.Call)
	}
	return out
}
