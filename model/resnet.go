package model

import (
	"fmt"

	"gorgonia.org/tensor"
)

// resNet adds the residual part of a ResNet for small images (He et al., CVPR
// 2016, section 4.2): a 3x3 convolution to 16 channels, three stages of so many
// blocks with 16, 32 and 64 channels, of which the second and the third halve
// the image, and the mean of each channel. With three blocks it is ResNet-20.
func (s *stack) resNet(blocks int) error {
	if err := s.checkResidual(); err != nil {
		return err
	}
	s.stem()
	n, rectify := s.newNorm(16, s.area())
	rectify.rectified = true
	s.add(n, s.shape)
	s.add(&relu{done: true}, s.shape)
	s.stages([]int{16, 32, 64}, blocks, func(out, stride int) (layer, window) {
		r := newResidual(s.shape[0], s.shape[1], s.shape[2], out, stride, s.newNorm)
		return r, r.win
	})
	s.add(&meanPool{area: s.area()}, tensor.Shape{s.shape[0]})
	return nil
}

// wide adds a wide residual network (Zagoruyko and Komodakis, "Wide residual
// networks", 2016), whose three stages have factor times as many channels as
// those of a ResNet, and whose norms and ReLUs stand in front of the
// convolutions.
func (s *stack) wide(blocks, factor int) error {
	if err := s.checkResidual(); err != nil {
		return err
	}
	s.stem()
	s.stages([]int{16 * factor, 32 * factor, 64 * factor}, blocks, func(out, stride int) (layer, window) {
		w := newWide(s.shape[0], s.shape[1], s.shape[2], out, stride, s.newNorm)
		return w, w.win
	})
	s.rectify(s.shape[0], s.area(), nil)
	s.add(&meanPool{area: s.area()}, tensor.Shape{s.shape[0]})
	return nil
}

// checkResidual reports why there can be no residual network.
func (s *stack) checkResidual() error {
	const least, cut = 8, 4
	if len(s.shape) != 3 || s.shape[1] < least || s.shape[2] < least || s.shape[1]%cut != 0 || s.shape[2]%cut != 0 {
		return fmt.Errorf("model: %s needs images [channels height width] of at least %dx%d pixels, both sizes divisible by %d, but a sample has shape %v: use lenet or mlp",
			s.cfg.Arch, least, least, cut, s.cfg.Input)
	}
	if s.norm.kind == "none" {
		return fmt.Errorf("model: %s does not learn without a norm: use batch, layer or group:GROUPS", s.cfg.Arch)
	}
	return nil
}

// stem adds the first convolution, to 16 channels.
func (s *stack) stem() {
	w := window{channels: s.shape[0], height: s.shape[1], width: s.shape[2], kernel: 3, pad: 1, stride: 1}
	s.add(newConv(w, 16, heBound(w.taps()), false, s.first()), tensor.Shape{16, w.outHeight(), w.outWidth()})
}

// stages adds stages of blocks; each stage but the first halves the image.
func (s *stack) stages(channels []int, blocks int, block func(out, stride int) (layer, window)) {
	for stage, out := range channels {
		for i := range blocks {
			stride := 1
			if stage > 0 && i == 0 {
				stride = 2
			}
			l, w := block(out, stride)
			s.add(l, tensor.Shape{out, w.outHeight(), w.outWidth()})
		}
	}
}

// area is the number of positions of a channel.
func (s *stack) area() int { return s.shape[1] * s.shape[2] }
