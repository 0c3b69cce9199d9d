// Package e2e holds the tests that need real processes: the built programs,
// sockets, signals and run directories, with the model's checksum as the
// oracle.
package e2e
