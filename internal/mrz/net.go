package mrz

import (
	_ "embed"
	"encoding/binary"
	"math"
)

// alphabet are the characters of a zone, in the order of the network's answers.
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"

const hidden = 44

//go:embed weights.bin
var weights []byte

// network is two layers: inputs to hidden (ReLU) to the alphabet (softmax).
type network struct {
	first      [hidden][inputs]float32
	firstBias  [hidden]float32
	second     [len(alphabet)][hidden]float32
	secondBias [len(alphabet)]float32
}

// decode reads weights: for each row of each layer a scale and a bias (float32, little-endian), then one signed byte for each weight.
func decodeNetwork(data []byte) *network {
	n := &network{}
	row := func(into []float32) (bias float32) {
		scale := math.Float32frombits(binary.LittleEndian.Uint32(data))
		bias = math.Float32frombits(binary.LittleEndian.Uint32(data[4:]))
		for i := range into {
			into[i] = float32(int8(data[8+i])) * scale
		}
		data = data[8+len(into):]
		return bias
	}
	for i := range n.first {
		n.firstBias[i] = row(n.first[i][:])
	}
	for i := range n.second {
		n.secondBias[i] = row(n.second[i][:])
	}
	return n
}

// scores are the logarithms of how likely each character of the alphabet is.
func (n *network) scores(in *[inputs]float32) (out [len(alphabet)]float32) {
	var middle [hidden]float32
	for i := range middle {
		sum := n.firstBias[i]
		row := &n.first[i]
		for k, v := range in {
			sum += v * row[k]
		}
		middle[i] = max(sum, 0)
	}
	highest := float32(math.Inf(-1))
	for i := range out {
		sum := n.secondBias[i]
		for k, v := range middle {
			sum += v * n.second[i][k]
		}
		out[i] = sum
		highest = max(highest, sum)
	}
	total := 0.0
	for _, v := range out {
		total += math.Exp(float64(v - highest))
	}
	norm := highest + float32(math.Log(total))
	for i := range out {
		out[i] -= norm
	}
	return out
}
