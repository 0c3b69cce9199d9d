package cli

import (
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
)

// openLog returns the log of a node: JSON lines to the file, or to fallback
// where there is none; people at a terminal get readable lines instead. done
// closes the file.
func openLog(s Settings, fallback io.Writer, people bool) (log zerolog.Logger, done func() error, err error) {
	level, err := zerolog.ParseLevel(s.LogLevel)
	if err != nil {
		return zerolog.Nop(), nil, Usagef("--log-level %s: want %s", s.LogLevel, oneOf(logLevels))
	}
	out, done := fallback, func() error { return nil }
	switch {
	case s.LogFile != "":
		f, err := os.OpenFile(s.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		if err != nil {
			return zerolog.Nop(), nil, Usagef("--log-file: %w", err)
		}
		out, done = f, f.Close
	case people:
		out = zerolog.ConsoleWriter{Out: fallback, TimeFormat: time.TimeOnly, NoColor: true}
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger(), done, nil
}
