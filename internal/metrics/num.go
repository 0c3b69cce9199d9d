package metrics

import (
	"encoding/json"
	"math"
)

// Num is a float64 that JSON can carry: a value that is not finite is written
// as null, and null is read as NaN.
type Num float64

// MarshalJSON writes the number, or null if it is not finite.
func (n Num) MarshalJSON() ([]byte, error) {
	if f := float64(n); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return json.Marshal(f)
	}
	return []byte("null"), nil
}

// UnmarshalJSON reads a number, and null as NaN.
func (n *Num) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Num(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}
