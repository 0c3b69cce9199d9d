// Package ssh says how to call the system's ssh to run a program on another
// machine, or to copy one there.
//
// It is the system's because that one honours what the user has set up: keys
// and agents, aliases, jump hosts, known hosts. It never asks for anything
// (BatchMode): a launcher with many hosts has no terminal to lend.
//
// What a program there must not tell everybody, a secret say, goes through its
// standard input and is in no argument. Its standard input ends when ssh does,
// for whatever reason.
package ssh
