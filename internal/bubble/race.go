//go:build race

package bubble

// detects tells whether the race detector is built in.
const detects = true
