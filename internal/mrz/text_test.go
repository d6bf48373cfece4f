package mrz

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// The text that is put together of what is likely has check digits that agree, and is at least as likely as any other such text.
func TestCheckedTextIsTheLikeliestValidOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := layouts[rapid.IntRange(0, len(layouts)-1).Draw(t, "layout")]
		p := make(likely, l.lines*l.width)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for i := range p {
			for k := range p[i] {
				p[i][k] = -9 * random.Float32()
			}
		}
		text, score, ok := l.checked(p)
		if !ok || !l.valid(text) {
			t.Fatalf("%q is not valid", text)
		}
		_, free := l.free(p)
		sum := 0.0
		for i := range p {
			for k := range alphabet {
				if alphabet[k] == text[i] {
					sum += float64(p[i][k])
				}
			}
		}
		if math.Abs(sum-score) > 1e-3 || score > free+1e-3 {
			t.Fatalf("score %v of a text of %v, where the freest has %v", score, sum, free)
		}
		// No change of two characters of one field makes a valid text that is more likely.
		f := l.fields[0]
		for a := f[0]; a < f[1]; a++ {
			for k := range alphabet {
				other := []byte(text)
				other[a] = alphabet[k]
				if l.valid(string(other)) && l.permits(a, alphabet[k]) && p[a][k] > p[a][index(text[a])]+1e-4 {
					t.Fatalf("%q is more likely than %q", other, text)
				}
			}
		}
	})
}

func index(c byte) int {
	for k := range alphabet {
		if alphabet[k] == c {
			return k
		}
	}
	return -1
}

func TestWeightsAreThoseOfTheNetwork(t *testing.T) {
	if want := hidden*(inputs+8) + len(alphabet)*(hidden+8); len(weights) != want || want > 25_000 {
		t.Errorf("%d bytes, not %d", len(weights), want)
	}
}
