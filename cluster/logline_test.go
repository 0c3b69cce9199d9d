package cluster

import (
	"bytes"
	"strings"
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

func TestStrangersCannotFillTheLog(t *testing.T) {
	var b bytes.Buffer
	log := zerolog.New(&b)
	gossip, own := bridge{sparse(log)}, log
	for range 1000 {
		if _, err := gossip.Write([]byte("2026/01/02 15:04:05 [ERR] memberlist: Decrypt packet failed: from=10.0.0.9:1\n")); err != nil {
			t.Fatal(err)
		}
	}
	own.Warn().Msg("ours")
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != linesPassed+1 || !strings.Contains(lines[0], "10.0.0.9") || !strings.Contains(lines[linesPassed], "ours") {
		t.Errorf("%d lines of 1000, want %d and our own", len(lines), linesPassed)
	}
}
