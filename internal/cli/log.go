package cli

import (
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
)

// openLog returns the log of a node: JSON lines to the file, or to fallback
// where there is none; people at a terminal get readable lines instead.
func openLog(s Settings, fallback io.Writer, people bool) (journal, error) {
	level, err := zerolog.ParseLevel(s.LogLevel)
	if err != nil {
		return journal{}, Usagef("--log-level %s: want %s", s.LogLevel, oneOf(logLevels))
	}
	j := journal{out: fallback, close: func() error { return nil }}
	lines := fallback
	switch {
	case s.LogFile != "":
		f, err := os.OpenFile(s.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		if err != nil {
			return journal{}, Usagef("--log-file: %w", err)
		}
		j.out, j.close, lines = f, f.Close, f
	case people:
		lines = zerolog.ConsoleWriter{Out: fallback, TimeFormat: time.TimeOnly, NoColor: true}
	}
	j.Logger = zerolog.New(lines).Level(level).With().Timestamp().Logger()
	return j, nil
}
