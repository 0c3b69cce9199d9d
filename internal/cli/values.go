package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/pflag"
)

// autoValue is a number that may be "auto", for which the configuration has a
// number of its own that nobody types.
type autoValue struct {
	p    *float64
	auto float64
}

var _ pflag.Value = autoValue{}

func (v autoValue) String() string {
	if v.p == nil || *v.p == v.auto {
		return "auto"
	}
	return strconv.FormatFloat(*v.p, 'g', -1, 64)
}

func (v autoValue) Set(text string) error {
	if text == "auto" {
		*v.p = v.auto
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || (v.auto < 0 && f < 0) {
		return fmt.Errorf("want auto or a number of at least 0")
	}
	*v.p = f
	return nil
}

func (autoValue) Type() string { return "number" }

// optionalValue is a whole number that may be absent.
type optionalValue struct{ p **uint64 }

var _ pflag.Value = optionalValue{}

func (v optionalValue) String() string {
	if v.p == nil || *v.p == nil {
		return ""
	}
	return strconv.FormatUint(**v.p, 10)
}

func (v optionalValue) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return fmt.Errorf("want a whole number of at least 0")
	}
	*v.p = &n
	return nil
}

func (optionalValue) Type() string { return "integer" }

// countValue is a whole number of at least 1 that may be "auto", kept as 0.
type countValue struct{ p *int }

var _ pflag.Value = countValue{}

func (v countValue) String() string {
	if v.p == nil || *v.p == 0 {
		return "auto"
	}
	return strconv.Itoa(*v.p)
}

func (v countValue) Set(text string) error {
	if text == "auto" {
		*v.p = 0
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("want auto or a number of at least 1")
	}
	*v.p = n
	return nil
}

func (countValue) Type() string { return "N|auto" }

// wordValue is one of a few words.
type wordValue struct {
	p     *string
	words []string
}

var _ pflag.Value = wordValue{}

func (v wordValue) String() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

func (v wordValue) Set(text string) error {
	for _, w := range v.words {
		if w == text {
			*v.p = text
			return nil
		}
	}
	return fmt.Errorf("want %s", oneOf(v.words))
}

func (wordValue) Type() string { return "string" }

// oneOf joins words for a sentence: "a, b or c".
func oneOf(words []string) string {
	text := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			text += " or "
		default:
			text += ", "
		}
		text += w
	}
	return text
}
