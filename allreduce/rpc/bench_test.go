package rpc_test

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

func BenchmarkSumOverTLS(b *testing.B) {
	allreducetest.BenchmarkSum(b, func(b *testing.B, nodes int) allreducetest.Net { return encrypted(b, nodes) })
}

func BenchmarkSumOnPlainLoopback(b *testing.B) {
	allreducetest.BenchmarkSum(b, func(b *testing.B, nodes int) allreducetest.Net { return authenticated(b, nodes) })
}

func benchNet(b *testing.B, nodes int) allreducetest.Net { return loopback(b, nodes) }
