package allreduce_test

import (
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memNet is a net of nodes on one Mem.
func memNet(nodes int) (allreducetest.Net, *allreduce.Mem) {
	m := allreduce.NewMem()
	var net allreducetest.Net
	for range nodes {
		net.Transports = append(net.Transports, m)
	}
	net.Kill = func(r int) { m.Crash(allreducetest.Name(r)) }
	return net, m
}

func TestMem(t *testing.T) {
	allreducetest.Run(t, func(t *testing.T, nodes int) allreducetest.Net {
		net, _ := memNet(nodes)
		return net
	})
}
