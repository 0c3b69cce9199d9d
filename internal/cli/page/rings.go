package page

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxTidings is how many events of rings are kept.
const maxTidings = 200

// tiding is a ring that was formed, or a member that was lost, as the logs of
// the nodes tell.
type tiding struct {
	at   time.Time
	what string
}

// readRings reads the logs of a run's nodes. Each node tells of each ring, so
// the earliest of equal tidings counts.
func readRings(dir string) ([]tiding, string, error) {
	logs, err := filepath.Glob(filepath.Join(escapeGlob(dir), "logs", "*.log"))
	if err != nil {
		return nil, "", err
	}
	if len(logs) == 0 {
		return nil, "there are no logs of nodes: nothing is known of rings that were formed and lost", nil
	}
	earliest := map[string]time.Time{}
	for _, path := range logs {
		if err := readLog(path, earliest); err != nil {
			return nil, "", err
		}
	}
	var list []tiding
	for what, at := range earliest {
		list = append(list, tiding{at, what})
	}
	slices.SortFunc(list, func(a, b tiding) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.what, b.what)) })
	return list[:min(len(list), maxTidings)], "", nil
}

// escapeGlob makes a path of what Glob would read as a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func readLog(path string, earliest map[string]time.Time) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return eachLine(file, func(_ int, line []byte, _ bool) {
		what, at := tidingOf(line)
		before, ok := earliest[what]
		if what == "" || !ok && len(earliest) >= 10*maxTidings || ok && !at.Before(before) {
			return
		}
		earliest[what] = at
	})
}

// tidingOf reads a line of a log; "" is one about something else.
func tidingOf(line []byte) (string, time.Time) {
	if !bytes.Contains(line, []byte(`"ring agreed"`)) && !bytes.Contains(line, []byte(`"lost a member"`)) {
		return "", time.Time{} // most lines, and a fast no
	}
	var v struct {
		Message    string    `json:"message"`
		Time       time.Time `json:"time"`
		Generation uint64    `json:"generation"`
		Members    []string  `json:"members"`
		Peer       string    `json:"peer"`
		Step       uint64    `json:"step"`
		Phase      string    `json:"phase"`
	}
	if json.Unmarshal(line, &v) != nil {
		return "", time.Time{}
	}
	switch v.Message {
	case "ring agreed":
		for i, name := range v.Members {
			v.Members[i] = short(name)
		}
		return fmt.Sprintf("ring %d formed: nodes %d (%s)", v.Generation, len(v.Members), strings.Join(v.Members, ", ")), v.Time
	case "lost a member":
		return fmt.Sprintf("%s lost in step %d, noticed in %s", short(v.Peer), v.Step, cmp.Or(v.Phase, "no phase")), v.Time
	}
	return "", time.Time{}
}

// short is a node's name without what makes it unique.
func short(name string) string {
	name, _, _ = strings.Cut(name, "#")
	return name
}
