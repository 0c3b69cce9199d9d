package rpc_test

import (
	"testing"

	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/allreduce/rpc"
)

func BenchmarkLogSumExp(b *testing.B) {
	allreducetest.BenchmarkLogSumExp(b, benchNet)
}

func BenchmarkSum(b *testing.B) {
	allreducetest.BenchmarkSum(b, benchNet)
}

func BenchmarkSumOverTLS(b *testing.B) {
	allreducetest.BenchmarkSum(b, func(b *testing.B, nodes int) allreducetest.Net { return encrypted(b, nodes) })
}

func BenchmarkSumOnPlainLoopback(b *testing.B) {
	allreducetest.BenchmarkSum(b, func(b *testing.B, nodes int) allreducetest.Net { return authenticated(b, nodes) })
}

func benchNet(b *testing.B, nodes int) allreducetest.Net { return loopback(b, nodes) }

func BenchmarkSumOverTCP(b *testing.B) {
	allreducetest.BenchmarkSum(b, func(b *testing.B, nodes int) allreducetest.Net { return connected(b, nodes, rpc.Options{Way: rpc.TCP}) })
}

func BenchmarkSumOverMemory(b *testing.B) {
	allreducetest.BenchmarkSum(b, func(b *testing.B, nodes int) allreducetest.Net {
		return connected(b, nodes, rpc.Options{Way: rpc.Memory})
	})
}
