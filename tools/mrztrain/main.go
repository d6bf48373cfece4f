// Command mrztrain makes the weights of the reader of machine-readable zones: it draws lines of the typeface OCR-B, takes pictures of them in
// bad light, blurred, tilted and noisy, and trains a network of two layers to distinguish their characters.
//
//	apt-get install fonts-ocr-b
//	go run ./tools/mrztrain
//
// The same seed produces the same weights.
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"ballerine/internal/mrz"
	"ballerine/internal/mrz/canvas"
)

func main() {
	fonts := flag.String("fonts", "internal/demo/specimen/ocrb/OCRB.ttf,/usr/share/fonts/opentype/ocr-b/OCRBS.otf", "fonts of OCR-B: with round and with square ends of strokes")
	out := flag.String("o", "internal/mrz/weights.bin", "file for the weights")
	lines := flag.Int("lines", 12_000, "lines of 44 characters to train with")
	seed := flag.Uint64("seed", 1, "of the random numbers")
	flag.Parse()
	if err := train(*fonts, *out, *lines, *seed); err != nil {
		log.Fatal(err)
	}
}

func train(fonts, out string, lines int, seed uint64) error {
	faces, err := typefaces(fonts)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same seed has to make the same weights
	n := newModel(r)
	right, seen := 0, 0
	for i := range lines {
		examples, truth, err := line(r, faces)
		if err != nil {
			return err
		}
		rate := 0.0012 * math.Min(1, float64(i+50)/500) * math.Pow(0.02, float64(i)/float64(lines))
		right += n.learn(examples, truth, rate)
		if seen += len(truth); i%1000 == 999 {
			fmt.Printf("%d lines: %.3f %% right\n", i+1, 100*float64(right)/float64(seen))
			right, seen = 0, 0
		}
	}
	return os.WriteFile(out, n.encode(), 0o644)
}

// typefaces reads the fonts. The first one counts twice.
func typefaces(files string) (faces []canvas.Typeface, err error) {
	for i, file := range strings.Split(files, ",") {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		face, err := canvas.ParseTypeface(data)
		if err != nil {
			return nil, err
		}
		if faces = append(faces, face); i == 0 {
			faces = append(faces, face)
		}
	}
	return faces, nil
}

// line draws a line of random characters, and returns what the reader would see of it.
func line(r *rand.Rand, faces []canvas.Typeface) (examples [][mrz.Inputs]float32, truth []int, err error) {
	text := make([]byte, 44)
	for i := range text {
		text[i] = mrz.Alphabet[r.IntN(len(mrz.Alphabet))]
	}
	between := func(low, high float64) float64 { return low + r.Float64()*(high-low) }
	height := 8 * math.Pow(4, r.Float64()) // of a capital letter, in pixels
	pitch := height * between(0.93, 1.12)
	margin := 3 * height
	g := canvas.NewGray(int(44*pitch+2*margin), int(4*height+2), between(150, 245))
	for i := range g.Pix { // uneven light
		x, y := float64(i%g.W)/float64(g.W), float64(i/g.W)/float64(g.H)
		g.Pix[i] *= 1 - 0.25*math.Sin(3*x+2*y+height)*between(0, 0.02) - 0.15*x*math.Sin(height)
	}
	stripes(r, g)
	baseline := 2.5 * height
	if err := g.Text(faces[r.IntN(len(faces))], string(text), margin, baseline, height, pitch, between(0.55, 0.97)); err != nil {
		return nil, nil, err
	}
	tilt, slant := between(-0.012, 0.012), between(-0.08, 0.08)
	cx, cy := float64(g.W)/2, 2*height
	shade := g.Pix[0]
	g = g.Map(g.W, g.H, shade, func(x, y float64) (float64, float64) { return x + slant*(y-cy), y + tilt*(x-cx)*between(0.999, 1.001) })
	g.Blur(between(0, 0.13) * height * between(0.3, 1))
	g.Noise(r, between(0, 9))
	if r.IntN(4) == 0 {
		dark := between(0.2, 0.7)
		for i := range g.Pix {
			g.Pix[i] *= dark
		}
	}
	boundaries := make([]float64, 45)
	shift := between(-0.05, 0.05) * pitch
	for k := range boundaries {
		boundaries[k] = margin + float64(k)*pitch + shift + between(-0.03, 0.03)*pitch
	}
	top := baseline - height*(1+between(-0.12, 0.12))
	bottom := baseline + height*between(-0.12, 0.12)
	truth = make([]int, len(text))
	for i, c := range text {
		truth[i] = slices.Index([]byte(mrz.Alphabet), c)
	}
	return mrz.Examples(g.Image(), top, bottom, boundaries), truth, nil
}

// stripes are a pattern in the ground, as documents have.
func stripes(r *rand.Rand, g *canvas.Gray) {
	if r.IntN(2) == 0 {
		return
	}
	fx, fy, depth := r.Float64()*0.5, r.Float64()*0.5, r.Float64()*0.10
	for i := range g.Pix {
		g.Pix[i] *= 1 - depth*(0.5+0.5*math.Sin(float64(i%g.W)*fx+float64(i/g.W)*fy))
	}
}

// model is a network that learns with Adam.
type model struct {
	first, second layer
	step          int
}

type layer struct {
	in, out                   int
	w, m, v                   []float64 // of each output: weights of its inputs, then its bias
	gradient, activation, err []float64
}

func newLayer(r *rand.Rand, in, out int) layer {
	l := layer{in: in, out: out}
	size := out * (in + 1)
	l.w, l.m, l.v, l.gradient = make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, size)
	l.activation, l.err = make([]float64, out), make([]float64, out)
	for i := range l.w {
		if i%(in+1) < in {
			l.w[i] = r.NormFloat64() * math.Sqrt(2/float64(in))
		}
	}
	return l
}

func newModel(r *rand.Rand) *model {
	return &model{first: newLayer(r, mrz.Inputs, mrz.Hidden), second: newLayer(r, mrz.Hidden, len(mrz.Alphabet))}
}

func (l *layer) forward(in []float64) {
	for o := range l.out {
		row := l.w[o*(l.in+1) : (o+1)*(l.in+1)]
		sum := row[l.in]
		for i, v := range in {
			sum += v * row[i]
		}
		l.activation[o] = sum
	}
}

func (l *layer) collect(in []float64) {
	for o := range l.out {
		e := l.err[o]
		if e == 0 {
			continue
		}
		row := l.gradient[o*(l.in+1) : (o+1)*(l.in+1)]
		for i, v := range in {
			row[i] += e * v
		}
		row[l.in] += e
	}
}

func (l *layer) update(step int, rate float64, n int) {
	c1, c2 := 1-math.Pow(0.9, float64(step)), 1-math.Pow(0.999, float64(step))
	for i, g := range l.gradient {
		g /= float64(n)
		l.m[i] = 0.9*l.m[i] + 0.1*g
		l.v[i] = 0.999*l.v[i] + 0.001*g*g
		l.w[i] -= rate * (l.m[i]/c1/(math.Sqrt(l.v[i]/c2)+1e-8) + 0.0002*l.w[i])
		l.gradient[i] = 0
	}
}

// learn takes one line as a batch, and returns how many of its characters were recognized correctly before.
func (n *model) learn(examples [][mrz.Inputs]float32, truth []int, rate float64) (right int) {
	in, middle := make([]float64, mrz.Inputs), make([]float64, mrz.Hidden)
	for e := range examples {
		for i, v := range examples[e] {
			in[i] = float64(v)
		}
		n.first.forward(in)
		for i, v := range n.first.activation {
			middle[i] = math.Max(v, 0)
		}
		n.second.forward(middle)
		highest, best, total := math.Inf(-1), 0, 0.0
		for o, v := range n.second.activation {
			if v > highest {
				highest, best = v, o
			}
		}
		if best == truth[e] {
			right++
		}
		for o, v := range n.second.activation {
			n.second.err[o] = math.Exp(v - highest)
			total += n.second.err[o]
		}
		const smooth = 0.02 // of the truth is assigned to the others, so that the network is not overconfident
		for o := range n.second.err {
			n.second.err[o] = n.second.err[o]/total - smooth/float64(len(mrz.Alphabet))
		}
		n.second.err[truth[e]] -= 1 - smooth
		for i := range n.first.err {
			n.first.err[i] = 0
			if middle[i] > 0 {
				for o, d := range n.second.err {
					n.first.err[i] += d * n.second.w[o*(mrz.Hidden+1)+i]
				}
			}
		}
		n.second.collect(middle)
		n.first.collect(in)
	}
	n.step++
	n.first.update(n.step, rate, len(examples))
	n.second.update(n.step, rate, len(examples))
	return right
}

// encode writes the weights as the reader reads them.
func (n *model) encode() (data []byte) {
	for _, l := range []layer{n.first, n.second} {
		for o := range l.out {
			row := l.w[o*(l.in+1) : (o+1)*(l.in+1)]
			largest := 1e-9
			for _, w := range row[:l.in] {
				largest = math.Max(largest, math.Abs(w))
			}
			scale := largest / 127
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(scale)))
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(row[l.in])))
			for _, w := range row[:l.in] {
				data = append(data, byte(int8(math.Round(w/scale))))
			}
		}
	}
	return data
}
