package cli

import (
	"bytes"
	"os"
	"strings"
)

// leastSecret is the number of bytes below which a secret can be guessed.
const leastSecret = 16

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
	if len(secret) < leastSecret {
		return nil, Usagef("%s: a secret of %d bytes: expected at least %d, as from 'openssl rand -hex 32'", from, len(secret), leastSecret)
	}
	return secret, nil
}
