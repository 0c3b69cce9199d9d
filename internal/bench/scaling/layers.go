package scaling

// layers are the layers of the three models with their parameters, and the
// multiply-adds of their backward passes: those of the forward pass twice, once
// in the first layer, whose input nobody asks about.
var layers = map[string][]Layer{
	"mlp": {{200_960, 200_704}, {32_896, 2 * 32_768}, {1290, 2 * 1280}},
	"lenet": {
		{156, 6 * 784 * 25}, {2416, 2 * 16 * 100 * 150},
		{48_120, 2 * 48_000}, {10_164, 2 * 10_080}, {850, 2 * 840},
	},
	"resnet20": resnet20(),
}

// resnet20 has a layer for the stem, one for each block, and one for the end.
func resnet20() []Layer {
	all := []Layer{{16*27 + 2*16, 16 * 27 * 1024}}
	in, area := 16, 1024
	for _, out := range []int{16, 32, 64} {
		if out != in {
			area /= 4
		}
		for range 3 {
			taps := 9*in*out + 9*out*out
			all = append(all, Layer{taps + 4*out, 2 * float64(taps) * float64(area)})
			in = out
		}
	}
	return append(all, Layer{650, 2 * 640})
}
