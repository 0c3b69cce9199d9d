package jobkey

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

// Least is the number of bytes that a secret must have where strangers can try
// to guess it. Shorter ones serve tests and loopback.
const Least = 16

// size is the length of every derived key in bytes.
const size = 32

// What the keys are for. A key must not change with the release, or nodes of
// two releases would call each other strangers instead of naming the version.
const (
	forGossip    = "ballast gossip v1"
	forMessage   = "ballast cluster message v1"
	forAuthority = "ballast certificate authority v1"
)

// Gossip returns the AES-256 key that encrypts gossip, or nil without a
// secret.
func Gossip(secret []byte) ([]byte, error) { return derive(secret, forGossip) }

// Message returns the HMAC-SHA-256 key that signs direct messages, or nil
// without a secret.
func Message(secret []byte) ([]byte, error) { return derive(secret, forMessage) }

// derive returns the key of one use; nil or an empty secret gives nil.
func derive(secret []byte, use string) ([]byte, error) {
	if len(secret) == 0 {
		return nil, nil
	}
	key, err := hkdf.Key(sha256.New, secret, nil, use, size)
	if err != nil {
		return nil, fmt.Errorf("jobkey: deriving the key for %s: %w", use, err)
	}
	return key, nil
}
