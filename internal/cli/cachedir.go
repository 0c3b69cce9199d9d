package cli

import (
	"os"
	"path/filepath"
)

// CacheDir returns where parsed tables are kept; "" if they are not, because
// that is wanted, or because this user has no cache directory.
func (s Settings) CacheDir() string {
	if s.NoCache {
		return ""
	}
	if s.Cache != "" {
		return s.Cache
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "" // as in a container without a home
	}
	return filepath.Join(dir, "ballast")
}
