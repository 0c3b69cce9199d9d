package model

import (
	"fmt"

	"gorgonia.org/tensor"
)

// resnet20 adds the residual part of ResNet-20 (He et al., CVPR 2016, section
// 4.2): a 3x3 convolution to 16 channels, three stages of three blocks with 16,
// 32 and 64 channels, of which the second and the third halve the image, and the
// mean of each channel. Batch norm belongs to it.
func (s *stack) resnet20() error {
	const least, cut = 8, 4
	if len(s.shape) != 3 || s.shape[1] < least || s.shape[2] < least || s.shape[1]%cut != 0 || s.shape[2]%cut != 0 {
		return fmt.Errorf("model: resnet20 needs images [channels height width] of at least %dx%d pixels, both sizes divisible by %d, but a sample has shape %v: use lenet or mlp",
			least, least, cut, s.cfg.Input)
	}
	stem := window{channels: s.shape[0], height: s.shape[1], width: s.shape[2], kernel: 3, pad: 1, stride: 1}
	s.add(newConv(stem, 16, heBound(stem.taps()), false, true), tensor.Shape{16, stem.outHeight(), stem.outWidth()})
	n := newNorm(16, stem.area())
	n.rectified = true
	s.add(n, s.shape)
	s.add(&relu{done: true}, s.shape)
	for _, out := range []int{16, 32, 64} {
		for range 3 {
			stride := 1
			if out != s.shape[0] {
				stride = 2
			}
			r := newResidual(s.shape[0], s.shape[1], s.shape[2], out, stride)
			s.add(r, tensor.Shape{out, r.win.outHeight(), r.win.outWidth()})
		}
	}
	s.add(&meanPool{area: s.shape[1] * s.shape[2]}, tensor.Shape{s.shape[0]})
	return nil
}
