package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// A ring is formed in three rounds. The leader asks everybody for a promise of
// the next generation, and they answer with all that they have committed to
// and accepted. From the answers it composes a roster, which may follow by the
// rules of compose, and offers it to the members, whose session on the old
// ring ends as they accept. When all have accepted, it commits: that is the
// moment at which the ring exists. Training goes on during the first round.

// attempt is a proposal of ours under way.
type attempt struct {
	generation uint64
	why        string // why there is to be a new ring
	good       bool   // there was a good one when it began
	cancel     context.CancelFunc
	waiting    map[string]Member // whose answer is still to come
	votes      []voted           // promises
	roster     Roster            // being offered; Generation 0: in the first round
}

const (
	// retryPause is how long a leader waits after an attempt that others
	// stood in the way of: they may know better in a moment. It grows with each
	// in a row, up to mostPause, and a random part is added, for two who get
	// in each other's way.
	retryPause = 20 * time.Millisecond
	mostPause  = 200 * time.Millisecond
	// lackPause is how long it waits after one that lacked nodes, unless
	// somebody comes.
	lackPause = 500 * time.Millisecond
	// newcomerPatience bounds the wait for the vote of a node that is in no
	// ring, and hurriedPatience the same while there is no ring.
	newcomerPatience = time.Second
	hurriedPatience  = 300 * time.Millisecond
)

// form makes a proposal if the state calls for one. It returns when time alone
// may call for one.
func (s *state) form(ctx context.Context, now time.Time) time.Time {
	if s.err != nil || s.finished || !s.joined {
		return time.Time{}
	}
	if s.ballot.Committed.Generation == 0 && !now.Before(s.deadline) {
		s.fail(fmt.Errorf("cluster: no ring after %v: %s: start the missing nodes with the same command, and check that they can reach %s",
			s.node.cfg.StartTimeout, s.waitingFor(), s.node.self.Addr))
		return time.Time{}
	}
	if s.attempt != nil || now.Before(s.aside) {
		return time.Time{}
	}
	if now.Before(s.retry) {
		return s.retry
	}
	d := decide(s.situation(now), s.node.cfg.policy())
	if d.Reason != "" && d.Reason != s.reason && s.need() != "" {
		s.node.log.Info().Str("need", s.need()).Msg(d.Reason)
	}
	s.reason = d.Reason
	switch {
	case d.Err != nil:
		s.abandon(ctx, d.Err)
	case d.Ask != nil:
		s.begin(ctx, d.Ask, d.Why, now)
	}
	return d.Again
}

// situation returns what decide has to know.
func (s *state) situation(now time.Time) situation {
	oldest, newest := s.newcomers(now)
	return situation{
		now: now, self: s.node.self.Name, present: s.present(now), barred: s.barred(now), known: s.known, open: s.ballot.open(),
		gone: s.gone, done: s.done(), need: s.need(), oldest: oldest, newest: newest,
	}
}

// begin asks the candidates for their votes.
func (s *state) begin(ctx context.Context, candidates []Member, why string, now time.Time) {
	n := s.node
	s.ballot.withdraw(n.self.Name)
	g := s.ballot.next()
	if err := s.ballot.promise(g, n.self.Name); err != nil {
		panic("cluster: " + err.Error())
	}
	ctx, cancel := context.WithCancel(ctx)
	a := &attempt{generation: g, why: why, good: s.need() == "", cancel: cancel, waiting: make(map[string]Member)}
	a.votes = []voted{{n.self, s.ownVote()}}
	s.attempt = a
	n.log.Debug().Uint64("generation", g).Str("why", why).Str("ask", names(candidates)).Msg("asking for votes")
	q := request{Generation: g, Member: n.self, Identity: n.cfg.Identity, Shards: n.cfg.Shards, Known: s.knownMark, Dead: s.proofs()}
	for _, m := range candidates {
		if m.Name == n.self.Name {
			continue
		}
		a.waiting[m.Name] = m
		patience := s.patience(m)
		n.wg.Go(func() {
			var v vote
			err := persist(ctx, patience, func(ctx context.Context) error {
				v = vote{}
				_, err := n.caller.ask(ctx, m.Addr, m.Name, kindRequest, q, &v)
				return err
			})
			n.post(func(ctx context.Context, s *state) { s.voted(ctx, g, m, v, err) })
		})
	}
	s.tally(ctx, now)
}

// patience returns how long m may take to vote. A member of a ring has the
// time that any question gives it.
func (s *state) patience(m Member) time.Duration {
	switch {
	case s.concerns(m.Name):
		return s.node.cfg.Silence
	case s.need() != "" && s.known.Generation > 0:
		return hurriedPatience
	default:
		return newcomerPatience
	}
}

// voted takes the vote of m on the generation, or that there was none.
func (s *state) voted(ctx context.Context, generation uint64, m Member, v vote, err error) {
	now := time.Now()
	a := s.attempt
	mine := a != nil && a.generation == generation && a.roster.Generation == 0
	if err != nil {
		s.unanswered(ctx, m, err, mine, now)
	} else {
		s.heard(m, now)
		s.ballot.raise(v.Promised)
		s.takeProofs(ctx, v.Dead)
		if v.Done {
			s.meet(m, now).done = true
		}
		if err := s.learn(ctx, v.Committed, now); err != nil {
			s.node.log.Warn().Err(err).Str("peer", m.Name).Msg("ignored a roster")
		}
		if s.knownMark.after(v.Committed.mark()) {
			s.inform(ctx, s.known, []Member{m})
		}
	}
	if s.attempt != a || !mine {
		return // over, perhaps by what the vote told us
	}
	delete(a.waiting, m.Name)
	_, was := s.known.Rank(m.Name)
	switch {
	case err != nil || v.Done:
	case v.Granted:
		a.votes = append(a.votes, voted{m, v})
	case v.Differs != nil && s.ballot.Committed.Generation == 0:
		s.abandon(ctx, refused(m, v.Differs.swap()))
		return
	case v.Differs != nil:
		s.meet(m, now).barred = now.Add(lastBar)
	case v.Promised >= generation || was || s.known.Generation == 0:
		s.giveUp(fmt.Sprintf("%s does not vote for generation %d: %s", at(m), generation, v.Reason))
		s.contested(now)
		return
	}
	s.tally(ctx, now)
}

// unanswered takes in that m did not answer a question of the formation. If it
// was asked long enough, its silence is a verdict.
func (s *state) unanswered(ctx context.Context, m Member, err error, mine bool, now time.Time) {
	p := s.meet(m, now)
	switch reason := proof(m, err); {
	case reason != "":
		s.died(ctx, p, reason)
	case !mine:
	case s.concerns(m.Name):
		s.silenced(ctx, p, fmt.Sprintf("no answer for %v", s.node.cfg.Silence))
	default:
		s.node.log.Info().Err(err).Str("peer", m.Name).Msg("a node that wants to join does not answer")
		p.exclude(now, notNow)
	}
}

// tally composes the roster once all have voted, and offers it.
func (s *state) tally(ctx context.Context, now time.Time) {
	a := s.attempt
	if a == nil || len(a.waiting) > 0 || a.roster.Generation > 0 {
		return
	}
	dead := s.dead()
	for _, v := range a.votes {
		for _, o := range v.vote.Dead {
			dead[o.Name] = true
		}
	}
	for _, v := range a.votes { // who votes is not dead, whatever others believe
		delete(dead, v.member.Name)
	}
	out := s.ofPeers(func(p *peer) bool { return now.Before(p.barred) })
	c, reason := compose(poll{a.votes, s.known, dead, s.done(), out, s.culprit(now)}, s.node.cfg.policy())
	if reason != "" {
		s.giveUp(reason)
		s.retry = now.Add(lackPause)
		return
	}
	if s.need() == "" && !slices.ContainsFunc(c.members, func(m Member) bool { _, in := s.known.Rank(m.Name); return !in }) {
		s.postpone(a.votes, now)
		s.giveUp("nobody can join now")
		return
	}
	for _, m := range c.witnesses { // it is the last ring's business that they are left out
		if p := s.peers[m.Name]; p != nil && !now.Before(p.barred) {
			p.exclude(now, firstBar)
		}
	}
	s.offer(ctx, c, now)
}

// notNow is how long a node that could not be taken in is passed over at first.
const notNow = 500 * time.Millisecond

// postpone passes over those who are here, but in no ring, and could not be
// taken in: until they ask for it, if their programs do not wait for a ring.
func (s *state) postpone(votes []voted, now time.Time) {
	for _, v := range votes {
		if p := s.peers[v.member.Name]; p != nil && v.vote.Idle {
			p.idle = true
		}
	}
	for name, p := range s.peers {
		if _, in := s.known.Rank(name); !in && s.isPresent(p, now) {
			p.exclude(now, notNow)
		}
	}
}

// offer asks the members, and the witnesses, to accept the roster.
func (s *state) offer(ctx context.Context, c composition, now time.Time) {
	n, a := s.node, s.attempt
	a.roster = newRoster(a.generation, c.members, n.cfg.Shards)
	if reason := s.take(ctx, n.self.Name, offer{Roster: a.roster, Reason: a.why, Loss: s.loss}); reason != "" {
		s.giveUp(reason) // overtaken
		s.contested(now)
		return
	}
	inner, cancel := context.WithCancel(ctx)
	before := a.cancel
	a.cancel = func() { before(); cancel() }
	for _, m := range slices.Concat(c.members, c.witnesses) {
		if m.Name == n.self.Name {
			continue
		}
		a.waiting[m.Name] = m
		body, patience := offer{a.roster, a.why, s.loss, s.proofs()}, s.patience(m)
		n.wg.Go(func() {
			var r response
			err := persist(inner, patience, func(ctx context.Context) error {
				_, err := n.caller.ask(ctx, m.Addr, m.Name, kindOffer, body, &r)
				return err
			})
			n.post(func(ctx context.Context, s *state) { s.responded(ctx, body.Roster.Generation, m, r, err) })
		})
	}
	s.commit(ctx, now)
}

// responded takes the answer of m to the offer of a generation.
func (s *state) responded(ctx context.Context, generation uint64, m Member, r response, err error) {
	now := time.Now()
	a := s.attempt
	mine := a != nil && a.generation == generation
	if err != nil {
		s.unanswered(ctx, m, err, mine, now)
	} else {
		s.heard(m, now)
		s.ballot.raise(r.Promised)
	}
	if s.attempt != a || !mine {
		return
	}
	switch {
	case err != nil:
		s.giveUp(fmt.Sprintf("%s did not answer the offer of generation %d: %v", at(m), generation, err))
		s.retry = now
	case !r.Accepted:
		s.giveUp(fmt.Sprintf("%s does not accept generation %d: %s", at(m), generation, r.Reason))
		s.contested(now)
	default:
		delete(a.waiting, m.Name)
		s.commit(ctx, now)
	}
}

// commit makes the offered roster the ring once all have accepted it, unless
// this node has promised itself to a later one meanwhile.
func (s *state) commit(ctx context.Context, now time.Time) {
	a := s.attempt
	if len(a.waiting) > 0 {
		return
	}
	r := a.roster
	if s.ballot.Promised != r.Generation || s.ballot.To != s.node.self.Name {
		s.giveUp(fmt.Sprintf("generation %d was overtaken by %d", r.Generation, s.ballot.Promised))
		s.contested(now)
		return
	}
	a.cancel()
	s.attempt = nil
	if err := s.learn(ctx, r, now); err != nil {
		panic("cluster: our own roster does not pass: " + err.Error())
	}
	s.inform(ctx, r, s.everywhere())
}

// inform tells others that r is committed, its members and whoever is here.
func (s *state) inform(ctx context.Context, r Roster, others []Member) {
	n := s.node
	for _, m := range others {
		n.wg.Go(func() {
			err := persist(ctx, n.cfg.Silence, func(ctx context.Context) error { return n.caller.tell(ctx, m, kindCommit, commit{r}) })
			if err != nil {
				n.post(func(ctx context.Context, s *state) {
					s.suspect(ctx, Loss{Generation: r.Generation, Peer: m.Name, Reason: "it did not take the roster: " + err.Error()})
				})
			}
		})
	}
}

// giveUp ends the attempt, if there is one.
func (s *state) giveUp(reason string) {
	a := s.attempt
	if a == nil {
		return
	}
	a.cancel()
	s.attempt = nil
	s.ballot.withdraw(s.node.self.Name)
	if reason != "" {
		s.reason = reason
		s.node.log.Debug().Uint64("generation", a.generation).Msg(reason)
	}
}

// contested sets the pause after an attempt that others stood in the way of.
func (s *state) contested(now time.Time) {
	s.contests++
	pause := min(retryPause<<min(s.contests-1, 8), mostPause)
	s.retry = now.Add(pause/2 + rand.N(pause))
}

// excuse goes on without waiting for the answer of a process that is lost.
func (s *state) excuse(ctx context.Context, name string, now time.Time) {
	a := s.attempt
	if a == nil {
		return
	}
	if _, waits := a.waiting[name]; !waits {
		return
	}
	delete(a.waiting, name)
	if a.roster.Generation > 0 {
		s.giveUp(fmt.Sprintf("%s was lost before it accepted generation %d", name, a.generation))
		s.retry = now
		return
	}
	s.tally(ctx, now)
}

// abandon ends the search for a first ring here and everywhere.
func (s *state) abandon(ctx context.Context, err error) {
	s.fail(err)
	s.farewell.Stop = true // should Leave be faster than the word itself
	n, body := s.node, stop{Reason: reasonOf(err)}
	for _, m := range s.everywhere() {
		n.wg.Go(func() {
			err := persist(ctx, n.cfg.Silence, func(ctx context.Context) error { return n.caller.tell(ctx, m, kindStop, body) })
			if err != nil {
				n.log.Debug().Err(err).Str("to", m.Name).Msg("stop was not heard")
			}
		})
	}
}

// sameMembers reports whether two rosters have the same members.
func sameMembers(a, b Roster) bool { return slices.Equal(a.Members, b.Members) }

// A ring that is formed again of the same members was broken by nobody who
// could be left out. The pause before the next one grows each time, so that
// whatever breaks it does not keep everybody busy forming rings.
const (
	firstPace = 100 * time.Millisecond
	lastPace  = 5 * time.Second
	calm      = time.Minute // a ring that lasts so long is a good one
)

// settlePace sets the pause before the ring after r, which follows before.
func (s *state) settlePace(before, r Roster, now time.Time) {
	switch {
	case !sameMembers(before, r) || now.Sub(s.formedAt) > calm:
		s.pace = 0
	default:
		s.pace = min(max(firstPace, 2*s.pace), lastPace)
	}
	s.retry = now.Add(s.pace)
}
