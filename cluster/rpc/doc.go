// Package rpc gives a node its one port.
//
// A [Server] listens on one TCP port and on the UDP port of the same number.
// Direct messages and the ring's streams are gRPC; gossip is memberlist's
// packets on UDP and its streams on TCP. The two kinds of TCP connections are
// told apart by their first byte: an HTTP/2 client begins with 'P' (of "PRI *
// HTTP/2.0") and a TLS client with 0x16, and no memberlist stream begins with
// either. So one HOST:PORT is all a person ever has to know, type, or open in
// a firewall.
//
// Beside adds one more kind, for whoever wants connections of its own.
//
// With the option TLS, all TCP connections are TLS with certificates on both
// sides, and the protocol that the client asks for in the handshake tells the
// kinds apart. Anything in plain is refused then; without the option, TLS is.
// Both are answered with a TLS alert, by which the dialling node knows that
// the two differ in having a secret, and says so.
//
// # Strangers
//
// Until a connection has proved what it is, it has one of 128 places, five
// seconds, and the memory of a handshake; when the places are taken, the
// oldest connection of the host that has most of them makes room (type crowd).
// Refusals are counted by reason and now and then logged.
//
// Server implements cluster.Network, and other services can be registered with
// it before it serves:
//
//	srv, err := rpc.Listen(ctx, "", rpc.Seeds("10.0.0.5:7946"))
//	...
//	defer srv.Close()
//	srv.Register(ring.Register)
//	node, err := cluster.Join(ctx, cluster.Config{Network: srv, ...})
//
// # Goroutines
//
// From Serve until Close, which waits for all of them: one that accepts
// connections, one that reads packets, one in grpc.Server.Serve (and those
// that grpc starts for connections and calls), and one for each accepted
// connection until it has proved what it is, at most 128 of them.
//
// # Errors
//
// Listen names the address and, if the port is in use, says so. Call wraps
// cluster.ErrRefused when the host of the address refuses the connection, and a
// *cluster.RefusedError when the node there has another secret; any other
// error is trouble that may pass. A handler that panics gives its caller
// codes.Internal without a word; the stack is in the log of the server.
package rpc
