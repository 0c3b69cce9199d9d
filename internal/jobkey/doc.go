// Package jobkey makes everything that keeps strangers out of a run from the
// one secret that its nodes share.
//
//	                  ┌─ Gossip   AES-256 key of the gossip's packets
//	secret ── HKDF ───┼─ Message  HMAC key of direct messages
//	                  └─ TLS      Ed25519 key of the run's certificate authority
//	                                └─ a fresh, short-lived certificate per process
//
// Nobody hands out certificates: every node derives the same private authority
// and signs its own. Two nodes verify each other against the authority that
// each has derived, so that a certificate proves one thing, that its owner
// holds the secret, and the names and addresses of machines do not matter.
//
// The keys are independent: to know one of them tells nothing about the others
// or the secret (RFC 5869). The secret must be random, not a password: whoever
// meets a node can test guesses against what it says, and nothing here makes a
// guess slow. [Least] is the length below which guessing succeeds.
package jobkey
