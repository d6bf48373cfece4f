package mrz_test

import (
	"image"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"ballerine/internal/mrz"
	"ballerine/internal/mrz/canvas"
	"ballerine/internal/mrz/mrztest"
)

func face(t testing.TB) canvas.Typeface {
	t.Helper()
	data, err := os.ReadFile("../demo/specimen/ocrb/OCRB.ttf")
	if err != nil {
		t.Fatal(err)
	}
	f, err := canvas.ParseTypeface(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var formats = []string{"TD1", "TD2", "TD3"}

// picture is one of a document at random, and the zone on it.
func picture(t testing.TB, r *rand.Rand, shot func(*rand.Rand) mrztest.Shot, n int) (image.Image, []string) {
	t.Helper()
	format := formats[n%3]
	zone := mrztest.Zone(r, format)
	page, err := mrztest.Page(r, face(t), format, zone, 800+r.IntN(900))
	if err != nil {
		t.Fatal(err)
	}
	img, err := mrztest.Take(r, page, shot(r))
	if err != nil {
		t.Fatal(err)
	}
	return img, zone
}

// score reads many pictures. A zone that is relied on must be right; how many are read is for the caller.
func score(t *testing.T, shot func(*rand.Rand) mrztest.Shot, seed uint64, count int) (right int) {
	t.Helper()
	var took time.Duration
	for i := range count {
		img, zone := picture(t, rand.New(rand.NewPCG(seed, uint64(i))), shot, i)
		began := time.Now()
		got, ok := mrz.Read(img)
		took += time.Since(began)
		switch read := strings.Join(got.Lines, "\n"); {
		case ok && read == strings.Join(zone, "\n"):
			right++
		case ok && got.CheckDigits:
			t.Errorf("picture %d was read wrongly and is relied on:\n%s\n%s", i, strings.Join(zone, "\n"), read)
		default:
			t.Logf("picture %d was not read: confidence %.2f", i, got.Confidence)
		}
	}
	t.Logf("%d of %d, %v each", right, count, took/time.Duration(count))
	return right
}

// pictures is how many are read of each set: more with BALLERINE_QUALITY=all, to measure.
func pictures() int {
	if os.Getenv("BALLERINE_QUALITY") == "all" {
		return 150
	}
	return 9
}

func TestZonesOfEasyPicturesAreRead(t *testing.T) {
	if n := pictures(); score(t, mrztest.Easy, 11, n)*100 < 97*n {
		t.Error("less than 97 % were read")
	}
}

func TestZonesOfHardPicturesAreRead(t *testing.T) {
	if n := pictures(); score(t, mrztest.Hard, 12, n)*100 < 88*n {
		t.Error("less than 88 % were read")
	}
}

func TestZonesAreReadUpsideDown(t *testing.T) {
	img, zone := picture(t, rand.New(rand.NewPCG(1, 1)), mrztest.Easy, 2)
	b := img.Bounds()
	turned := image.NewRGBA(b)
	for y := range b.Dy() {
		for x := range b.Dx() {
			turned.Set(b.Dx()-1-x, b.Dy()-1-y, img.At(x, y))
		}
	}
	if got, ok := mrz.Read(turned); !ok || strings.Join(got.Lines, "\n") != strings.Join(zone, "\n") || got.Format != mrz.TD3 {
		t.Errorf("%v %+v", ok, got)
	}
}

func TestPicturesWithoutZoneHaveNone(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	noise := canvas.NewGray(900, 600, 128)
	noise.Noise(r, 60)
	stripes := canvas.NewGray(900, 600, 230)
	for i := range stripes.Pix {
		if i/900%40 < 12 && i%900%20 < 8 {
			stripes.Pix[i] = 20
		}
	}
	words := canvas.NewGray(900, 600, 230)
	for i := range 12 {
		if err := words.Text(face(t), "THIS IS NO DOCUMENT AND HAS NO ZONE", 20, float64(60+40*i), 16, 20, 0.9); err != nil {
			t.Fatal(err)
		}
	}
	for name, g := range map[string]*canvas.Gray{"noise": noise, "stripes": stripes, "words": words, "blank": canvas.NewGray(900, 600, 255), "tiny": canvas.NewGray(8, 8, 0), "line": canvas.NewGray(4000, 31, 90)} {
		if got, ok := mrz.Read(g.Image()); ok && got.CheckDigits {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A zone whose check digits are wrong is not one that was misread, as long as its characters are clear.
func TestZonesWithWrongDigitsAreNotReliedOn(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	zone := mrztest.Zone(r, "TD3")
	wrong := []byte(zone[1])
	wrong[9] = '0' + (wrong[9]-'0'+3)%10
	page, err := mrztest.Page(r, face(t), "TD3", []string{zone[0], string(wrong)}, 1200)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := mrz.Read(page.Image())
	if !ok || got.CheckDigits || got.Lines[1] != string(wrong) {
		t.Errorf("%v %+v, not %s", ok, got, wrong)
	}
}

func BenchmarkRead(b *testing.B) {
	img, _ := picture(b, rand.New(rand.NewPCG(1, 1)), mrztest.Easy, 2)
	for b.Loop() {
		mrz.Read(img)
	}
}
