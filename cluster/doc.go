// Package cluster finds the nodes of a run and makes them agree on the ring,
// again and again, as nodes come, go, die, fall silent and hang.
//
// Gossip discovers, an explicit agreement decides. memberlist tells who is
// there; who trains with whom, in which order and with which shards, is agreed
// on in direct messages, in three rounds:
//
//	joiner                     seed                       leader
//	  │ challenge? ─────────────▶ │                          │
//	  │ hello, signed ──────────▶ │ same run? else: why not  │
//	  │ ◀────────────── gossip ─────────────────────────────▶│
//	  │ plea: I need a ring ────────────────────────────────▶│
//	  │ ◀──────────────────────────── request: generation 7? │ training goes on
//	  │ promised; what I committed to and accepted ─────────▶│
//	  │ ◀────────────────────────────────── offer: a roster  │
//	  │ accepted; my session on the old ring is over ───────▶│
//	  │ ◀───────────────────────────────────────── commit ── │ all have accepted
//
// A program goes from ring to ring:
//
//	node, err := cluster.Join(ctx, cfg)
//	for after := uint64(0); ; {
//		r, err := node.Await(ctx, after)   // the next roster with this node in it
//		session, release := node.During(ctx, r)
//		...                                // train on r until session ends:
//		after = r.Generation               // a loss, a newcomer, a goodbye
//	}
//
// # What gossip promises, and what it does not
//
// Gossip promises that a live member is known to all others after a while and
// that a dead one is dropped after a while. It does not promise that two
// members ever see the same list at the same time, that a member on it is
// alive, or that one not on it is dead: a processor busy with matrix products
// answers late and is given up for a moment. Nor does it heal: two halves that
// have given each other up never speak again by themselves. So nothing is ever
// derived from the list alone:
//
//   - A ring is a roster that all of its members have accepted and that its
//     proposer then committed. Its generation is above all that any of them had
//     promised before. Any node may propose; the lowest-named live member of
//     the last ring does, and the others vote for nobody else while they see it.
//   - A loss is certain when the host of the member refuses a connection or
//     another process answers at its address, when the member says goodbye or
//     its launcher reports its exit: these are proofs. A member that leaves
//     direct questions unanswered for Config.Silence, or that hangs, is left out
//     as well, but counts as alive. Gossip giving it up, a failed dial and a
//     broken watch are only the reason to ask.
//
// # Which ring may follow
//
// The votes tell the proposer the last roster that anybody knows to be
// committed, and every later one that may have been: its proposer may have had
// everybody's acceptance before it fell silent (see undecided). The new roster
// needs a quorum of each of these. R is the roster without the members proved
// dead: more than half of R must take part, or exactly half with R's first
// member; Config.Quorum replaces that by a number. A member that takes part and
// is left out, because it hangs, accepts the roster as a witness.
//
// Two quorums of one roster have a member in common, and it has told the later
// proposer of the earlier ring; so the rings of a run form one chain. Of two
// sides that do not hear each other at most one goes on, whatever is lost on
// the way. The exception is a proof that comes too late: if those who had
// agreed on a ring with the other side die before they are heard of again,
// their deaths free this side too, and both go on. That wastes work and does
// not make two models, for the result of a run is a function of its
// configuration; when the two meet, one gives way (see mark).
//
// A node on the wrong side, one that was expelled and one that wakes up after a
// silence wait in Await, say why (Waiting, Config.Waiting), look for the seeds
// and for every address they have known, and are taken in like newcomers. What
// they promised meanwhile does not matter: a proposer that is refused for a
// later generation goes above it. One that was to blame for the end of a ring
// has to wait, longer each time.
//
// # How losses are found
//
// Each member watches the next in the ring with a question that is held back
// for half a second: a death breaks it within milliseconds, and silence is
// noticed within two seconds. Then all ask the silent one directly, so that it
// is out four seconds after its last word. A ring that breaks at a stream is
// reported by its trainers (Report): whoever proves to be dead is left out; if
// nobody does, the ring is formed again of the same members, and only the
// second time within a minute is one of them to blame (see blame). A member
// that answers and does not get on is found by the flight records that all keep
// (SetProgress): when a chain of waiting ends at one whose counter has stood
// still for five seconds, and ten median steps, it hangs (see hung).
//
// # Who is let in
//
// A joiner first says hello, directly, to a node at one of the join addresses.
// Run label, secret, version, numeric contract, configuration and data are
// compared, in this order, and a difference is named with both values: to the
// joiner as a RefusedError, and in the log of the other with the joiner's
// address. Identities are compared again with each request. With a secret,
// every direct message is signed with HMAC-SHA-256 and names its receiver,
// whose name no other process ever has, and gossip is encrypted with AES-256;
// both keys are derived from the secret with HKDF. Direct messages are not
// encrypted by this package but by the network under it: see rpc.TLS, with
// which strangers do not get as far as a hello, and are told why all the same.
// Nodes trust each other: the rules guard against deaths, cuts and mistakes,
// not against a member that lies.
//
// # Goroutines
//
//	Node.run        one per node; owns all state (type state). Questions of
//	                others, answers to ours and calls of the program reach it
//	                as functions, gossip as a bell beside a copied view. It
//	                never waits for anybody.
//	Node.search     one per join address, until it is answered or the ring
//	                is formed.
//	Node.watch      one per node in a ring; asks the next member.
//	Node.plead      one per node that needs a ring; asks the leader.
//	Node.knockAll   one per search for the missing, and one for each address
//	                that is tried, at most 16.
//	questions       one per message under way: requests, offers, commits,
//	                hints, reports, and one or two per suspect; one for the
//	                records of a hang. Each ends within a deadline.
//	memberlist's    a dozen; its callbacks only copy (type view).
//	Network's       see cluster/rpc.
//
// Pings and watches are answered on the Network's goroutines, with nothing but
// two locks that nobody holds for long: however busy the program, the node
// answers. Leave ends all of the node's goroutines and waits for them; it stops
// memberlist, whose last ones may outlive it by two seconds if they wait for a
// peer.
//
// # Errors
//
// Join and Await return a *RefusedError (this node and another cannot train
// together; stop), a *FormedError (no place, or too late; stop), ErrLeft, the
// context's error, or an error that says what was waited for and what to check.
// A session ends with a *LossError or a *SupersededError as its cause, or with
// ErrLeft. A missing Network is a programmer's mistake and panics. The package
// logs what has nobody to be returned to: refused strangers, messages that come
// twice, losses, and memberlist's own lines.
package cluster
