package cli

import (
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/train"
)

// FromStream is the origin of a value that a stream asks for where nobody has said
// anything.
const FromStream = "stream"

// SettleStream gives the settings that nobody has set the values that suit a
// stream, if the data are one: it is gone through once, nobody knows how long it
// is, nor how many rows there are of each class.
func (s *Settings) SettleStream(o Origins) error {
	c := &s.Train
	if c.Data == "-" {
		c.Data = "csv:-"
	}
	if c.Stream <= 0 {
		return nil
	}
	silent := func(name string) bool { return o[name] == FromDefault }
	settle := func(name string) {
		if o != nil {
			o[name] = FromStream
		}
	}
	if silent("method") {
		c.Method = "absgd"
		settle("method")
	}
	if silent("lambda") && c.Steps == 0 {
		c.Lambda = "5"
		settle("lambda")
	}
	if silent("epochs") {
		c.Epochs = 1
		settle("epochs")
	}
	if silent("order") {
		c.Order = "file"
		settle("order")
	}
	switch {
	case c.Epochs != 1:
		return Usagef("--epochs %d: a stream is gone through once (--steps ends it earlier)", c.Epochs)
	case c.Order != "file":
		return Usagef("--order %s: a stream is used in the order of its rows", c.Order)
	}
	return nil
}

// Missing says what is waited for, for a person; "" if nothing is.
func Missing(v train.Waiting) string {
	if v.Reason == "" || v.Rows {
		return v.Reason
	}
	return "no ring: " + v.Reason
}

// IsStdin tells whether the data are the rows of standard input.
func (s *Settings) IsStdin() bool { return dataset.IsStdin(s.Train.Data) }
