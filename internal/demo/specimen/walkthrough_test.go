package specimen

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"ballerine/internal/docscan"
)

var update = flag.Bool("update", false, "draw the passports of the walk-through and of the guides anew")

// anna is the specimen of ICAO 9303.
var anna = Person{
	Family: "Eriksson", Given: "Anna Maria", Nationality: "UTO", Number: "L898902C3", Personal: "ZE184226B", Sex: "F",
	Born: time.Date(1974, 8, 12, 0, 0, 0, 0, time.UTC), Expires: time.Date(2012, 4, 15, 0, 0, 0, 0, time.UTC),
}

// kovacs is the applicant of the guide "onboard a person": hers has not expired.
var kovacs = Person{
	Family: "Kovacs", Given: "Anna", Nationality: "UTO", Number: "K48190334", Sex: "F",
	Born: time.Date(1990, 3, 4, 0, 0, 0, 0, time.UTC), Expires: time.Date(2049, 6, 30, 0, 0, 0, 0, time.UTC),
}

func TestThePassportsOfTheDocsAreThoseThatAreDrawn(t *testing.T) {
	for name, person := range map[string]Person{"passport": anna, "passport-kovacs": kovacs} {
		file := "../../../docs/walkthrough/" + name + ".png"
		drawn, err := person.Passport()
		if err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(file)
		if err == nil && samePicture(t, kept, drawn) {
			continue // pictures are compared, and not the bytes that a compressor makes of them
		}
		if !*update {
			t.Fatalf("%s is another picture: go test ./internal/demo/specimen -update", file)
		}
		if err := os.WriteFile(file, drawn, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func samePicture(t *testing.T, a, b []byte) bool {
	t.Helper()
	var pictures [2]image.Image
	for i, text := range [][]byte{a, b} {
		var err error
		if pictures[i], err = png.Decode(bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	if pictures[0].Bounds() != pictures[1].Bounds() {
		return false
	}
	bounds := pictures[0].Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := pictures[0].At(x, y).RGBA()
			r2, g2, b2, _ := pictures[1].At(x, y).RGBA()
			if r != r2 || g != g2 || b != b2 {
				return false
			}
		}
	}
	return true
}

// TestTheReadmeTypesTheZoneThatIsDrawn holds the page, the picture and the check digits together.
func TestTheReadmeTypesTheZoneThatIsDrawn(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	written := strings.ReplaceAll(anna.Zone(), "\n", `\n`)
	if !strings.Contains(string(readme), `"`+written+`"`) {
		t.Errorf("the README types another zone than %s", written)
	}
	read, err := docscan.ReadMRZ(anna.Zone())
	if err != nil || !read.Valid() {
		t.Errorf("%+v %v", read, err)
	}
}

func TestTheZonesTypeHasTheLettersOfZonesAllOfOneWidth(t *testing.T) {
	var buffer sfnt.Buffer
	c := newCanvas(1, 1)
	for _, r := range "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<" {
		index, err := fonts["zone"]().GlyphIndex(&buffer, r)
		if err != nil || index == 0 {
			t.Errorf("the type of zones has no %c", r)
		}
		if drawn, err := fonts["zone"]().LoadGlyph(&buffer, index, fixed.I(100), nil); err != nil || len(drawn) == 0 {
			t.Errorf("%c has no outline: %v", r, err)
		}
		if got, want := c.widthOf(string(r), "zone", 100), c.widthOf("0", "zone", 100); got != want {
			t.Errorf("%c is %v wide, and 0 is %v", r, got, want)
		}
	}
}
