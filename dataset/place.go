package dataset

import (
	"errors"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// A place is where a file or a directory is: a path, or the address of one on
// a web server.

// parseAddress returns the URL that a place is, or nil if it is a path.
func parseAddress(place string) (*url.URL, error) {
	if !strings.Contains(place, "://") {
		return nil, nil
	}
	u, err := url.Parse(place)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("expected a path, or an address as in https://HOST/FILE")
	}
	if _, err := checksum(u.Fragment); err != nil {
		return nil, err
	}
	return u, nil
}

// Shown returns a source or a place as it may be told: the password and the
// query of an address, which may be a signature, are left out.
func Shown(source string) string {
	if i := strings.Index(source, "://"); i >= 0 {
		kind := strings.LastIndexByte(source[:i], ':') + 1
		return source[:kind] + shown(source[kind:])
	}
	return source
}

// shown is a place for messages. The password and the query of an address,
// which may be a signature, have no place in them.
func shown(place string) string {
	u, err := parseAddress(place)
	if u == nil || err != nil {
		return place
	}
	if u.RawQuery != "" {
		u.RawQuery = "..."
	}
	u.Fragment = "" // the checksum
	return u.Redacted()
}

// join returns the place of a file in a directory.
func join(dir, name string) string {
	if u, err := parseAddress(dir); u != nil && err == nil {
		return u.JoinPath(name).String()
	}
	return filepath.Join(dir, name)
}

// base returns the last part of a place.
func base(place string) string {
	if u, err := parseAddress(place); u != nil && err == nil {
		if name := path.Base(u.Path); name != "/" && name != "." {
			return name
		}
		return u.Hostname()
	}
	return filepath.Base(place)
}
