package docscan

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"
	"slices"
	"testing"
)

func square(background, square color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 800, 600))
	draw.Draw(img, img.Bounds(), image.NewUniform(background), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(200, 150, 600, 450), image.NewUniform(square), image.Point{}, draw.Src)
	return img
}

func TestPicturesThatCanShowNoDocument(t *testing.T) {
	red, white := color.RGBA{R: 220, A: 255}, color.White
	specimen, err := os.ReadFile("../../docs/walkthrough/passport.png")
	if err != nil {
		t.Fatal(err)
	}
	compressed := func(img image.Image) []byte {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, nil); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	decoded, _, err := image.Decode(bytes.NewReader(specimen))
	if err != nil {
		t.Fatal(err)
	}
	far := image.NewRGBA(image.Rect(0, 0, 1700, 1200)) // the document far away, on a table
	draw.Draw(far, far.Bounds(), image.NewUniform(color.Gray{Y: 90}), image.Point{}, draw.Src)
	draw.Draw(far, image.Rect(400, 300, 1240, 892), decoded, image.Point{}, draw.Src)
	for name, c := range map[string]struct {
		file []byte
		want []string
	}{
		"a passport":                 {specimen, []string{"small"}},
		"a passport as JPEG":         {compressed(decoded), []string{"small"}},
		"a passport far away":        {compressed(far), nil},
		"a red square":               {encoded(t, square(red, red)), []string{"blank"}},
		"a red square as JPEG":       {compressed(square(red, red)), []string{"blank"}},
		"a red square on white":      {encoded(t, square(white, red)), []string{"no_detail"}},
		"a transparent sheet":        {encoded(t, image.NewRGBA(image.Rect(0, 0, 800, 600))), []string{"blank"}},
		"a shade from dark to light": {encoded(t, drawn(800, 600, func(x, _ int) uint8 { return uint8(x * 255 / 800) })), []string{"no_detail"}},
		"noise of a camera":          {encoded(t, drawn(800, 600, func(x, y int) uint8 { return uint8(100 + (x*7+y*13)%9) })), []string{"blank"}},
		"a strip":                    {picture(t, 3000, 650), []string{"unlikely_shape"}},
		"cut off":                    {specimen[:len(specimen)/2], []string{"small", "broken_image"}},
	} {
		contentType := "image/png"
		if c.file[0] == 0xff {
			contentType = "image/jpeg"
		}
		report := CheckCase([]Input{given(Input{ID: "doc_1", Kind: "bill", ContentType: contentType, Head: c.file})}, nil, nil, now)
		if !slices.Equal(codes(report), c.want) || !report.Documents[0].Looked {
			t.Errorf("%s: %v (%+v)", name, codes(report), LookAt(c.file, nil))
		}
	}
}

// A picture that was not examined does not pass silently.
func TestWhatNobodyHasLookedAtIsReported(t *testing.T) {
	heic := []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
	for name, input := range map[string]Input{
		"not decoded here": {ContentType: "image/heic", Head: heic, Look: LookAt(heic, nil)},
		"nobody looked":    {ContentType: "image/png", Head: picture(t, 800, 600)},
		"too large":        {ContentType: "image/png", Head: picture(t, 800, 600), Look: Look{Large: true}},
	} {
		report := CheckCase([]Input{input}, nil, nil, now)
		if !slices.Equal(codes(report), []string{"not_looked_at"}) || report.Documents[0].Looked {
			t.Errorf("%s: %v", name, codes(report))
		}
	}
}

// What takes more memory than a task has is never decoded.
func TestBombsAreNotDecoded(t *testing.T) {
	for name, file := range map[string][]byte{"pixels": bomb(), "bytes": append(picture(t, 800, 600), make([]byte, MaxFile)...), "nothing": nil, "no picture": []byte("%PDF-1.4")} {
		if look := LookAt(file, nil); look.Done || Pixels(file) != 0 {
			t.Errorf("%s: %+v", name, look)
		}
	}
}

func FuzzLookAt(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\nbroken"))
	f.Add(bomb())
	f.Fuzz(func(_ *testing.T, file []byte) {
		if Pixels(file) < 1_000_000 {
			LookAt(file, nil)
		}
	})
}

func BenchmarkLookAt(b *testing.B) {
	file, err := os.ReadFile("../../docs/walkthrough/passport.png")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		LookAt(file, nil)
	}
}
