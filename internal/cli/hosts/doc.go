// Package hosts reads lists of machines to start nodes on, as they are typed
// behind -H and as they stand in Open MPI's host files.
package hosts
