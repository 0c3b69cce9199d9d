package cluster_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A probe of memberlist's may outlive its node by two seconds, as the package's
// documentation says. In simulated time every test waits for it.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/hashicorp/memberlist.(*Memberlist).probeNode"))
}
