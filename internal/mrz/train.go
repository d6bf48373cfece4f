package mrz

import "image"

// Shape of the network, for its training.
const (
	Inputs   = inputs
	Hidden   = hidden
	Alphabet = alphabet
)

// Examples are what the network sees of the characters of a line: a picture in which characters reach from top to bottom, and the boundaries
// between them. It is for the training.
func Examples(img image.Image, top, bottom float64, boundaries []float64) [][Inputs]float32 {
	p := grayOf(img)
	b := band{top: top, bottom: bottom, left: boundaries[0], right: boundaries[len(boundaries)-1]}
	s := stripOf(p, b, 0)
	scale, from := b.height()/capHeight, b.left-2*b.height()
	all := make([][Inputs]float32, len(boundaries)-1)
	for k := range all {
		s.cell((boundaries[k]-from)/scale, (boundaries[k+1]-from)/scale, 0, &all[k])
	}
	return all
}
