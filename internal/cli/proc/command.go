package proc

import "io"

// Command says what to start.
type Command struct {
	Name  string    // what people call the child
	Path  string    // of the executable
	Args  []string  // Args[0], the name it is called by, included
	Env   []string  // as in os.Environ; nil is this process's
	Stdin io.Reader // what it reads first; then the pipe stays open as its lifeline
	// Log receives its standard error, from a goroutine of its own, or without
	// one if it is an *os.File; nil: nobody.
	Log io.Writer
	// Stop is what to write to its standard input to have it end; nil: it is
	// sent SIGINT.
	Stop []byte
	// Detached gives it a session of its own, in which neither the end of its
	// parent nor that of the terminal reaches it.
	Detached bool
}
