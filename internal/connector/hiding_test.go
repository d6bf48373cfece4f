package connector

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// adversarial are texts that somebody may let a vendor answer to make it expensive to look for secrets.
var adversarial = map[string]string{
	"backslashes":         `\`,
	"percent":             "%25",
	"percent, once":       "25",
	"ampersands":          "&amp;",
	"zeros":               "&#0",
	"numbers":             "&#48;",
	"escaped backslashes": `\u005c`,
	"escaped percent":     `\u0025`,
	"beginnings":          "ann@ex.co",
	"base64":              "QUFB",
	"base64, escaped":     `Q\/`,
	"base64 of itself":    "U1ZkR",
	"hex":                 "41",
	"hex of hex":          "3431",
	"0x":                  "0x",
	"lines":               "QUFBQUFBQUFBQUFB\n",
	"spaces":              "A \n\t",
	"letters":             "a",
}

var manySecrets = func() (all []string) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		key := make([]byte, 36)
		for i := range key {
			key[i] = byte(random.Uint32())
		}
		all = append(all, base64.StdEncoding.EncodeToString(key))
	}
	return append(all, "ann@ex.com:the-password", strings.Repeat("a", 40), strings.Repeat("ab", 20), strings.Repeat(`\`, 12), strings.Repeat("%25", 12))
}()

// work is how many bytes and nodes are looked at for each byte of a text.
func work(h *hider, text string) float64 {
	s := search{text: text, texts: h.texts, work: mostWork * len(text)}
	s.look(&view{text: text}, mostEscapes, mostCodes)
	return float64(mostWork*len(text)-s.work+s.steps) / float64(len(text))
}

// TestHidingLooksAtEachByteAFewTimes: not more often in a longer text, whatever is in it.
func TestHidingLooksAtEachByteAFewTimes(t *testing.T) {
	h := redactor(manySecrets)
	for name, part := range adversarial {
		for _, begin := range []string{"", "ann%", "ann@ex.com", "%", "&", `\u00`} {
			for _, size := range []int{1 << 10, 1 << 15} {
				text := begin + strings.Repeat(part, size/len(part))
				if looked := work(h, text); looked > 7*mostWork {
					t.Errorf("%s after %q, %d bytes: each is looked at %.0f times", name, begin, size, looked)
				}
			}
		}
	}
}

// Property: whatever a text is made of, hiding is done after a bounded number of steps, and never loses its bounds.
func TestHidingIsBounded(t *testing.T) {
	h := redactor(manySecrets)
	parts := []string{"QUFBQUFBQUFBQUFB", "41414141", "ann@ex.com", "Cg==", `\n`, "x"}
	for _, part := range adversarial {
		parts = append(parts, part)
	}
	slices.Sort(parts)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 6).Draw(t, "parts") {
			b.WriteString(strings.Repeat(rapid.SampledFrom(parts).Draw(t, "part"), rapid.IntRange(1, 500).Draw(t, "times")))
		}
		text := b.String()
		for range rapid.IntRange(0, 3).Draw(t, "codes") {
			text = spellings[rapid.SampledFrom([]string{"base64", "hex", "JSON", "query", "HTML"}).Draw(t, "code")](text)
		}
		if looked := work(h, text); looked > 7*mostWork {
			t.Fatalf("each byte is looked at %.0f times", looked)
		}
		_ = h.cutOff(text)
	})
}

func BenchmarkHiding(b *testing.B) {
	random := make([]byte, 740_000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	texts := map[string]string{
		"JSON":   strings.Repeat(`{"name":"Ada \"L\" \\u0041","url":"https:\/\/x.example\/?a=b%20c&d=e"},`, 15_000),
		"prose":  strings.Repeat("lorem ipsum 42 e dolor ", 44_000),
		"base64": base64.StdEncoding.EncodeToString(random),
		"hex":    hex.EncodeToString(random[:500_000]),
	}
	for name, part := range adversarial {
		texts[name] = strings.Repeat(part, 1<<20/len(part))
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b.Run(name, func(b *testing.B) {
			h := redactor(manySecrets)
			b.SetBytes(int64(len(texts[name])))
			for b.Loop() {
				_ = h.Replace(texts[name])
			}
		})
	}
	b.Run("made", func(b *testing.B) {
		for b.Loop() {
			_ = redactor(manySecrets)
		}
	})
}

// TestWhatWouldTakeTooLongIsLeftOut: layers of escapes within one run of hex, so that each of them is a reason to decode it once more.
func TestWhatWouldTakeTooLongIsLeftOut(t *testing.T) {
	end := ""
	for depth := range mostEscapes {
		end += "%" + strings.Repeat("25", depth) + "41"
	}
	text := hex.EncodeToString([]byte(strings.Repeat("a", 1<<14)+end)) + end
	h := redactor([]string{strings.Repeat("a", 40)})
	if got := h.Replace(text); got != leftOut(text) {
		t.Errorf("%d bytes are shown of %d", len(got), len(text))
	}
	if looked := work(h, text); looked > 7*mostWork {
		t.Errorf("each byte is looked at %.0f times", looked)
	}
}
