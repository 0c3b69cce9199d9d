package train

import (
	"fmt"
	"net"

	"github.com/ballast-ml/ballast/internal/jobkey"
)

// guard refuses to open a run to strangers by mistake: a node that other
// machines can reach, or that talks to others there, needs a secret that
// cannot be guessed, or the word that it shall have none. bound is the address
// listened on.
func guard(opts Options, bound string) error {
	if opts.Insecure && len(opts.Secret) > 0 {
		return fmt.Errorf("--insecure and a job secret: the one says that strangers may join the run, the other keeps them out; leave one away")
	}
	why := exposed(opts, bound)
	switch {
	case why == "" || opts.Insecure || len(opts.Secret) >= jobkey.Least:
		return nil
	case len(opts.Secret) > 0:
		return fmt.Errorf("%s, and the job secret has only %d bytes: want at least %d, as from 'openssl rand -hex 32'", why, len(opts.Secret), jobkey.Least)
	default:
		return fmt.Errorf("%s, but the run has no job secret: whoever reaches it could read and join it; "+
			"make a secret with 'openssl rand -hex 32', give it to all nodes with --job-secret-file or BALLAST_JOB_SECRET, "+
			"or say --insecure if everybody on this network may join", why)
	}
}

// exposed returns how other machines come into play; "" if they do not.
func exposed(opts Options, bound string) string {
	if !loopback(bound) {
		return fmt.Sprintf("this node listens on %s, where other machines can reach it", bound)
	}
	if opts.Advertise != "" && !loopback(opts.Advertise) {
		return fmt.Sprintf("this node tells others to reach it at %s, which is not this machine's loopback", opts.Advertise)
	}
	for _, addr := range opts.Join {
		if !loopback(addr) {
			return fmt.Sprintf("this node joins %s, which is not this machine's loopback", addr)
		}
	}
	return ""
}

// loopback reports whether an address, with or without a port, is certainly
// this machine's own and reachable from nowhere else.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
