package names

import (
	"testing"

	"pgregory.net/rapid"
)

// wordLike is a word, or one that was made of another by some edits: words at random have nothing in common.
func wordLike(t *rapid.T, label, of string) string {
	letters := []rune("abcdeghiklmnoprstuvwxyz0")
	one := rapid.SampledFrom(letters)
	if of == "" || rapid.IntRange(0, 3).Draw(t, label+" is new") == 0 {
		return string(rapid.SliceOfN(one, 1, 12).Draw(t, label))
	}
	word := []rune(of)
	for range rapid.IntRange(0, 4).Draw(t, label+" edits") {
		at := rapid.IntRange(0, len(word)-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"change", "add", "double", "leave out", "swap"}).Draw(t, "edit") {
		case "change":
			word[at] = one.Draw(t, "letter")
		case "add":
			word = append(word[:at:at], append([]rune{one.Draw(t, "letter")}, word[at:]...)...)
		case "double":
			word = append(word[:at:at], append([]rune{word[at]}, word[at:]...)...)
		case "leave out":
			if len(word) > 1 {
				word = append(word[:at:at], word[at+1:]...)
			}
		case "swap":
			if at > 0 {
				word[at-1], word[at] = word[at], word[at-1]
			}
		}
	}
	return string(word)
}

// TestNoBoundIsAboveTheDistance keeps what sorts words out before they are compared from sorting out one that agrees.
func TestNoBoundIsAboveTheDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := wordLike(t, "a", "")
		b := wordLike(t, "b", a)
		setA, setB := letters(a), letters(b)
		d := distance(a, b, 1<<12)
		limit := budget(max(len(a), len(b)))
		for _, within := range []int{distance(a, b, limit), distance(b, a, limit)} {
			if d <= limit && within != d || d > limit && within <= limit {
				t.Errorf("%s and %s: %d within %d, and %d without a limit", a, b, within, limit, d)
			}
		}
		if bound := atLeast(setA, setB); bound > d {
			t.Errorf("%s and %s: %d by the letters, and %d in truth", a, b, bound, d)
		}
		if bound := atLeastOf(setA, similarOf(setA), setB, similarOf(setB)); bound > d {
			t.Errorf("%s and %s: %d by kindred letters, and %d in truth", a, b, bound, d)
		}
		if bound := whole * apart(soundsOf(setA), soundsOf(setB)); bound > d {
			t.Errorf("%s and %s: %d by the sounds, and %d in truth", a, b, bound, d)
		}
	})
}

// TestFindIsWhatComparingEachWordFinds over words that are near to each other.
func TestFindIsWhatComparingEachWordFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Words
		last := ""
		for range rapid.IntRange(1, 40).Draw(t, "words") {
			last = wordLike(t, "word", last)
			n := Read(Person, last)
			for _, token := range n.Tokens {
				w.Add(token)
			}
		}
		w.Sort()
		n := Read(Person, wordLike(t, "query", last))
		for i := range n.Tokens {
			asked := &n.Tokens[i]
			found := map[int32]bool{}
			for _, number := range w.Find(asked) {
				found[number] = true
			}
			for number := range w.tokens {
				if agrees := alike(asked, &w.tokens[number]) > 0; agrees != found[int32(number)] {
					t.Fatalf("%s and %s: found is %v", asked.Latin, w.tokens[number].Latin, found[int32(number)])
				}
			}
		}
	})
}
