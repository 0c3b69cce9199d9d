package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// Range is how many nodes, or machines, a run has. Min of them are waited for
// at its start; 0: nobody has said how many. Max is 0 in a range of one number:
// then any of them may be lost later and any number may come. Otherwise the
// run waits below Min and takes in no more than Max.
type Range struct{ Min, Max int }

// Least returns the number below which a run waits; 0: it never does.
func (r Range) Least() int {
	if r.Max == 0 {
		return 0
	}
	return r.Min
}

// Times returns the range of nodes on machines with n nodes each.
func (r Range) Times(n int) Range { return Range{r.Min * n, r.Max * n} }

// String returns the range as it is typed.
func (r Range) String() string {
	if r.Max == 0 {
		return strconv.Itoa(r.Min)
	}
	return fmt.Sprintf("%d:%d", r.Min, r.Max)
}

// ParseRange reads N or MIN:MAX.
func ParseRange(text string) (Range, error) {
	low, high, both := strings.Cut(text, ":")
	least, err := strconv.Atoi(low)
	if err != nil || least < 0 {
		return Range{}, errRange
	}
	if !both {
		return Range{Min: least}, nil
	}
	most, err := strconv.Atoi(high)
	if err != nil || least < 1 || most < least {
		return Range{}, errRange
	}
	return Range{least, most}, nil
}

var errRange = errors.New("want a number of at least 0, or MIN:MAX with 1 <= MIN <= MAX")

// rangeValue is a range as a flag.
type rangeValue struct{ p *Range }

var _ pflag.Value = rangeValue{}

func (v rangeValue) String() string {
	if v.p == nil {
		return "0"
	}
	return v.p.String()
}

func (v rangeValue) Set(text string) error {
	r, err := ParseRange(text)
	if err == nil {
		*v.p = r
	}
	return err
}

func (rangeValue) Type() string { return "N|MIN:MAX" }
