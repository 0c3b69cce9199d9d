// Package cluster finds the nodes of a run and makes them agree on the ring.
//
// Gossip discovers, an explicit agreement decides. memberlist tells who is
// there; who trains with whom, in which order and with which shards, is
// proposed by one node, promised by all, and then committed, in direct
// messages:
//
//	joiner                     seed                       leader
//	  │ challenge? ─────────────▶ │                          │
//	  │ hello, signed ──────────▶ │ same run? else: why not  │
//	  │ ◀────────────── gossip ─────────────────────────────▶│
//	  │ ◀───────────────────────────────────────── propose ──│ enough are here
//	  │ ── promise ────────────────────────────────────────▶ │
//	  │ ◀────────────────────────────────────────── commit ──│ all have promised
//
// # What gossip promises, and what it does not
//
// Gossip promises that a live member is known to all others after a while and
// that a dead one is dropped after a while. It does not promise that two
// members ever see the same list at the same time, that a member on it is
// alive, or that one not on it is dead: a processor busy with matrix products
// answers late and is given up for a moment. So nothing is ever derived from
// the list alone:
//
//   - A ring is the roster that one node proposed. The lowest-named live member
//     leads; should two believe that they do, a node accepts only a generation
//     above all that it has accepted, and a roster is committed only when every
//     member of it has accepted it. A node commits to one roster and never
//     changes it.
//   - A loss is certain only when the host of the member refuses a connection
//     or another process answers at its address (proof), when the member leaves
//     direct questions unanswered for Config.Silence, when it says goodbye
//     before the end of the run, or when it hangs. Gossip giving it up, a failed
//     dial, a broken watch, and the accusation of a member are only the reason
//     to ask. An accusation of one who still answers ends the ring all the
//     same: the next one is formed of those who hear each other.
//
// # From ring to ring
//
// A ring ends when a member of it is lost, leaves, or hangs, when a newcomer is
// welcomed, and when members cannot hear each other. During tells the trainer
// so by the end of a context; Await returns the next roster, of a higher
// generation. Nothing of a ring is carried over but the votes: each names the
// rosters that the voter has committed and accepted, and a new roster needs a
// quorum of the last committed one and of every accepted one that may have
// been committed (see quorum and undecided, which are pure):
//
//   - R is the roster without the members proved dead: by a goodbye, or a
//     connection that their own host refused. Silence proves nothing.
//   - More than half of R must be in the new roster, or exactly half with R's
//     first member. Config.Quorum replaces that by a number.
//
// So of two sides that do not hear each other at most one goes on. A node on
// the other side, one that was expelled, and one that wakes up after a silence
// wait in Await, say why (Config.Waiting), go on looking for the seeds and for
// every address they have known, since gossip does not heal by itself, and are
// taken in as newcomers. A member whose progress (SetProgress) stands still while
// the others wait for it, in the end, is hung, and is expelled by the same
// means; a pure function over the members' records names it.
//
// # Who is let in
//
// A joiner first says hello, directly, to a node at one of the join addresses.
// Run label, secret, version, numeric contract, configuration and data are
// compared, in this order, and a difference is named with both values: to the
// joiner as a RefusedError, and in the log of the other with the joiner's
// address. Identities are compared again with each proposal. With a secret,
// every direct message is signed with HMAC-SHA-256 and names its receiver,
// whose name no other process ever has, and gossip is encrypted with AES-256;
// both keys are derived from the secret with HKDF. Direct messages are not
// encrypted by this package but by the network under it: see rpc.TLS, with
// which strangers do not get as far as a hello, and are told why all the same.
//
// # Goroutines
//
//	Node.run        one per node; owns all state (type state). Questions of
//	                others, answers to ours and calls of the program reach it
//	                as functions, gossip as a bell beside a copied view.
//	Node.search     one per join address, until it is answered or the ring
//	                is formed.
//	Node.watch      one per node in a ring; waits for the next member's end.
//	questions       one per message under way: proposals, commits, reports,
//	                and one per suspect. Each ends within a deadline.
//	memberlist's    a dozen; its callbacks only copy (type view).
//	Network's       see cluster/rpc.
//
// Leave ends all of the node's and waits for them; it stops memberlist, whose
// last goroutines may outlive it by two seconds if they wait for a peer.
//
// # Errors
//
// Join and Await return a *RefusedError (this node and another cannot train
// together; stop), a *FormedError (too late; stop), ErrLeft, the context's
// error, or an error that says what was waited for and what to check. Once
// Await has returned a roster, During tells what becomes of it. A missing Network is a
// programmer's mistake and panics. The package logs what has nobody to be
// returned to: refused strangers, losses, and memberlist's own lines.
package cluster
