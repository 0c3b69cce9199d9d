package cluster

import (
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// parseLine splits a line of memberlist's log, "DATE TIME [LEVEL] memberlist:
// TEXT", into a level and the text. What is an error to memberlist (a peer
// that does not answer) is a warning to us: it changes nothing by itself.
func parseLine(line string) (zerolog.Level, string) {
	level := zerolog.DebugLevel
	for _, l := range []struct {
		mark  string
		level zerolog.Level
	}{{"[DEBUG]", zerolog.DebugLevel}, {"[INFO]", zerolog.DebugLevel}, {"[WARN]", zerolog.WarnLevel}, {"[ERR]", zerolog.WarnLevel}} {
		if _, text, ok := strings.Cut(line, l.mark); ok {
			level, line = l.level, text
			break
		}
	}
	line = strings.TrimPrefix(strings.TrimSpace(line), "memberlist: ")
	return level, strings.TrimSpace(line)
}

// What strangers can make a node log is thinned out: a flood of them must not
// fill a disk. So many lines pass in each period.
const (
	linesPassed = 20
	linesPeriod = 10 * time.Second
)

// sparse returns log with warnings thinned out.
func sparse(log zerolog.Logger) zerolog.Logger {
	return log.Sample(zerolog.LevelSampler{WarnSampler: &zerolog.BurstSampler{Burst: linesPassed, Period: linesPeriod}})
}
