package screen

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Mode is a way of showing progress.
type Mode int

// The modes.
const (
	None  Mode = iota // nothing but what is written
	Plain             // a key=value line now and then
	TTY               // one line that is drawn again and again
)

// Choose returns the mode for a writer: what the word says (tty, plain, none),
// or for auto the live line if w is a terminal that can draw one.
func Choose(word string, w io.Writer, getenv func(string) string) Mode {
	switch word {
	case "none":
		return None
	case "plain":
		return Plain
	case "tty":
		return TTY
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && getenv("TERM") != "dumb" {
		return TTY
	}
	return Plain
}

// Colour tells whether colours are welcome (no-color.org).
func Colour(getenv func(string) string) bool { return getenv("NO_COLOR") == "" }

// Width returns the number of columns of the terminal behind w, or 80.
func Width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}
