// Package screen shows the progress of a run on standard error: one live line
// on a terminal, plain key=value lines elsewhere, or nothing.
//
// Whatever else is printed meanwhile goes through the same [Screen], which
// puts it above the live line: two writers on one terminal tear each other's
// lines.
package screen
