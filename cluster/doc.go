// Package cluster finds the nodes of a run and makes them agree on the ring.
package cluster
