package model

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Select returns the tensors that a name means: "classifier", those of the last
// layer (of each member); "features", all others; or a pattern of [path.Match]
// on the names of [Network.Tensors], such as layers.0.* or layers.1.weight. A
// name that means no tensor is an error.
func (n *Network) Select(name string) ([]Tensor, error) {
	if _, err := path.Match(name, ""); err != nil {
		return nil, fmt.Errorf("model: %q: %w", name, err)
	}
	last := fmt.Sprintf("layers.%d.", n.depth-1)
	var list []Tensor
	var names []string
	for _, t := range n.Tensors() {
		at := t.Name[strings.Index(t.Name, "layers."):]
		in, _ := path.Match(name, t.Name)
		switch name {
		case "classifier":
			in = strings.HasPrefix(at, last)
		case "features":
			in = !strings.HasPrefix(at, last)
		}
		if in {
			list = append(list, t)
		}
		names = append(names, t.Name)
	}
	if list == nil {
		const most = 12
		if len(names) > most {
			names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
		}
		return nil, fmt.Errorf("model: %q names no tensor: want classifier, features or a pattern for some of %s", name, strings.Join(names, ", "))
	}
	return list, nil
}

// freeze marks the tensors that Config.Freeze names, and finds the layer of a
// member at which the way back may end. It reports a name that means nothing,
// and a network with nothing to train.
func (n *Network) freeze() error {
	frozen := map[string]bool{}
	for _, name := range n.cfg.Freeze {
		list, err := n.Select(name)
		if err != nil {
			return err
		}
		for _, t := range list {
			frozen[t.Name] = true
		}
	}
	n.lowest, n.still = make([]int, len(n.logits)), make([][]*param, len(n.layers))
	for m := range n.lowest {
		n.lowest[m] = -1
	}
	for i, l := range n.layers {
		for _, p := range l.params() {
			p.frozen = frozen[n.layerName(i)+"."+p.name]
			switch m := i / n.depth; {
			case p.running && !p.frozen:
				n.moving = append(n.moving, p)
			case p.running:
			case p.frozen:
				n.still[i] = append(n.still[i], p)
			case n.lowest[m] < 0:
				n.lowest[m] = i
			}
		}
	}
	if m := slices.Index(n.lowest, -1); m >= 0 {
		return fmt.Errorf("model: with %s frozen there is nothing to train", strings.Join(n.cfg.Freeze, ","))
	}
	return nil
}
