package cluster

import (
	"testing"

	"github.com/rs/zerolog"
)

func TestParseLine(t *testing.T) {
	for _, c := range []struct {
		line  string
		level zerolog.Level
		text  string
	}{
		{"2026/01/01 00:00:00 [DEBUG] memberlist: Stream connection from=1.2.3.4:5\n", zerolog.DebugLevel, "Stream connection from=1.2.3.4:5"},
		{"2026/01/01 00:00:00 [INFO] memberlist: Suspect x has failed\n", zerolog.DebugLevel, "Suspect x has failed"},
		{"2026/01/01 00:00:00 [WARN] memberlist: Refuting\n", zerolog.WarnLevel, "Refuting"},
		{"2026/01/01 00:00:00 [ERR] memberlist: Failed\n", zerolog.WarnLevel, "Failed"},
		{"something else\n", zerolog.DebugLevel, "something else"},
		{"", zerolog.DebugLevel, ""},
	} {
		if level, text := parseLine(c.line); level != c.level || text != c.text {
			t.Errorf("%q: %v %q", c.line, level, text)
		}
	}
}
