package kernel

import "golang.org/x/sys/cpu"

// fastest returns the best path the processor and the operating system support.
func fastest() path {
	x := &cpu.X86
	switch {
	case !x.HasAVX2 || !x.HasFMA || !x.HasBMI2:
		return portable
	case !x.HasAVX512F || !x.HasAVX512DQ || !x.HasAVX512BW || !x.HasAVX512VL:
		return avx2
	}
	return avx512
}

// lanesOf returns the number of float32 in a vector of a path.
func lanesOf(p path) int {
	if p == avx512 {
		return 16
	}
	return 8
}
