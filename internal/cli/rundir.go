package cli

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/ballast-ml/ballast/dataset"
)

// DefaultOut returns the run directory of a run that was not given one.
func DefaultOut(data, method string, now time.Time) string {
	name := dataset.SourceName(data)
	path := strings.TrimPrefix(data, name)
	path = strings.TrimPrefix(path, ":")
	if strings.Contains(path, "://") {
		path, _, _ = strings.Cut(path, "?") // what follows may be a signature
	}
	if path != "" {
		base := filepath.Base(path)
		name = strings.TrimSuffix(base, filepath.Ext(base))
	}
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("+.-_=", r):
			return r
		}
		return '_'
	}, name+"-"+method)
	return filepath.Join("runs", clean+"-"+now.Format("20060102-150405"))
}
