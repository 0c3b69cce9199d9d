// Package clustertest simulates the network under package cluster, in memory,
// with deaths, cuts and frozen processes. It works under testing/synctest:
// nothing in it sleeps or touches a socket, and time passes only where a
// deadline is waited for.
//
//	net := clustertest.New()
//	a, b := net.Endpoint(), net.Endpoint() // each is a cluster.Network
//	net.Cut(a, b)                          // silence between them, both ways
//	net.Heal(a, b)
//	net.Kill(a)                            // its host refuses connections from now on
//
// Packets are buffered and dropped when the receiver does not keep up; a dial
// into silence fails after its timeout and not before.
package clustertest
