package allreduce_test

import (
	"testing"

	"github.com/ballast-ml/ballast/allreduce/allreducetest"
)

func BenchmarkSum(b *testing.B) {
	allreducetest.BenchmarkSum(b, func(b *testing.B, nodes int) allreducetest.Net {
		net, _ := memNet(nodes)
		return net
	})
}
