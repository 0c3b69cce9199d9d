package allreduce_test

import (
	"testing"

	"github.com/ballast-ml/ballast/allreduce/allreducetest"
)

func BenchmarkLogSumExp(b *testing.B) {
	allreducetest.BenchmarkLogSumExp(b, benchNet)
}

func BenchmarkSum(b *testing.B) {
	allreducetest.BenchmarkSum(b, benchNet)
}

func benchNet(_ *testing.B, nodes int) allreducetest.Net {
	net, _ := memNet(nodes)
	return net
}
