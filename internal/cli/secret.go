package cli

import (
	"bytes"
	"net"
	"os"
	"strings"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// ReadSecret returns the secret that the nodes share: the content of the file,
// else the environment's, else nil. White space around it does not count.
func ReadSecret(path string, environ []string) ([]byte, error) {
	secret, from := []byte(nil), "--job-secret-file "+path
	if path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, Usagef("--job-secret-file: %w", err)
		}
		secret = text
	} else {
		for _, e := range environ {
			if value, ok := strings.CutPrefix(e, secretVariable+"="); ok {
				secret, from = []byte(value), secretVariable
			}
		}
		if secret == nil {
			return nil, nil
		}
	}
	secret = bytes.TrimSpace(secret)
	if len(secret) < jobkey.Least {
		return nil, Usagef("%s: a secret of %d bytes: expected at least %d, as from 'openssl rand -hex 32'", from, len(secret), jobkey.Least)
	}
	return secret, nil
}

// OpenToStrangers tells that a run without a secret can be reached from other
// machines, as its person has allowed: it is said once more.
func (s Settings) OpenToStrangers(secret []byte) bool {
	if secret != nil || !s.Insecure {
		return false
	}
	for _, addr := range append([]string{s.Listen, s.Advertise}, s.Join...) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			host = addr
		}
		ip := net.ParseIP(host)
		if addr != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return true
		}
	}
	return false
}

// StrangersNote is what to say then.
const StrangersNote = "--insecure: whoever reaches the port can join the run, and reads its traffic"
