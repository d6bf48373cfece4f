package docscan

import (
	"bytes"
	"image"
	"image/color"
	_ "image/jpeg" // decodes JPEG
	_ "image/png"  // decodes PNG
	"slices"
	"strings"

	_ "golang.org/x/image/webp" // decodes WebP
)

// Bounds of looking at pictures. A decoded pixel takes up to 16 bytes (progressive JPEG), so that one picture takes 400 MB at
// most, for a second or two.
const (
	MaxFile   = 16 << 20   // bytes: larger files are not decoded
	MaxPixels = 25_000_000 // pixels: more than telephones make of a document; larger pictures are not decoded
)

// Look is what the pixels of a picture show: whether it could be a document at all, not whether it is one.
type Look struct {
	Done  bool // the picture was decoded
	Large bool // it is too large to be decoded here
	Whole bool // it could be decoded to its end

	Zone *Reading // the machine-readable zone, if it was looked for and can be relied on

	Spread int // between the darkest and the brightest of what is not the outermost hundredth, 0 to 255
	Detail int // changes of brightness along the busiest tenth of its rows: see detail
}

// What even a poor photograph of a document has, and a blank page, a wall or a coloured square has not.
const (
	minSpread = 24
	minDetail = 8
)

// decodes reports whether pictures of a type are decoded here. HEIC and HEIF are not: there is no decoder in pure Go.
func decodes(contentType string) bool {
	return slices.Contains([]string{"image/jpeg", "image/png", "image/webp"}, contentType)
}

// Pixels is how many pixels LookAt would decode of a file; 0: it would not. Callers keep what they examine concurrently below
// MaxPixels.
func Pixels(file []byte) int {
	config, format, err := image.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil || !decodes("image/"+format), len(file) > MaxFile, config.Width <= 0 || config.Height <= 0 || config.Width > MaxPixels/config.Height:
		return 0
	}
	return config.Width * config.Height
}

// Reader reads the zone of a picture; nil: there is none, or it cannot be relied on. See package zone.
type Reader func(image.Image) *Reading

// LookAt decodes a picture from all of its bytes, judges its pixels, and has its machine-readable zone read by read
// (nil: the zone is not read). A file that is not a picture, or too large, is not decoded.
func LookAt(file []byte, read Reader) Look {
	if Pixels(file) == 0 {
		_, format, err := image.DecodeConfig(bytes.NewReader(file))
		return Look{Large: err == nil && decodes("image/"+format)}
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return Look{Done: true}
	}
	look := Look{Done: true, Whole: true}
	look.judge(picture)
	if read != nil && look.findings() == nil {
		look.Zone = read(picture)
	}
	return look
}

// ZoneKind states whether documents of a kind have a machine-readable zone.
type ZoneKind int

// Workflows name their kinds of documents freely: a kind that is not known here may have a zone.
const (
	ZoneNever    ZoneKind = iota // it has none: a face, a letter
	ZonePossible                 // some have one
	ZoneAlways                   // all have one: a passport
)

var zoneKinds = map[string]ZoneKind{
	"passport": ZoneAlways, "visa": ZoneAlways,
	"selfie": ZoneNever, "portrait": ZoneNever, "liveness": ZoneNever, "signature": ZoneNever, "driving_licence": ZoneNever, "driving_license": ZoneNever, "drivers_license": ZoneNever,
	"proof_of_address": ZoneNever, "utility_bill": ZoneNever, "bank_statement": ZoneNever, "payslip": ZoneNever, "company_registration": ZoneNever, "articles_of_association": ZoneNever,
	"shareholder_register": ZoneNever,
}

// ZoneOf states whether documents of a kind have a zone.
func ZoneOf(kind string) ZoneKind {
	if z, known := zoneKinds[strings.ReplaceAll(strings.ToLower(kind), "-", "_")]; known {
		return z
	}
	return ZonePossible
}

// Places that are sampled: rows, and steps along each.
const (
	rows  = 96
	steps = 256
	edge  = 14 // a change of brightness from one step to the next that is no noise
)

func (l *Look) judge(picture image.Image) {
	b := picture.Bounds()
	levels := make([]int, 0, rows*steps)
	counts := make([]int, 0, rows)
	for row := range rows {
		y := b.Min.Y + (2*row+1)*b.Dy()/(2*rows)
		last, count := -1, 0
		for step := range steps {
			level := brightness(picture, b.Min.X+(2*step+1)*b.Dx()/(2*steps), y)
			levels = append(levels, level)
			if last >= 0 && max(level-last, last-level) >= edge {
				count++
			}
			last = level
		}
		counts = append(counts, count)
	}
	slices.Sort(levels)
	slices.Sort(counts)
	l.Spread = levels[len(levels)*99/100] - levels[len(levels)/100]
	l.Detail = counts[len(counts)*9/10]
}

// brightness of a pixel, 0 to 255; what is transparent counts as white.
func brightness(picture image.Image, x, y int) int {
	var c color.RGBA64
	switch p := picture.(type) {
	case *image.YCbCr:
		return int(p.Y[p.YOffset(x, y)])
	case *image.Gray:
		return int(p.GrayAt(x, y).Y)
	case image.RGBA64Image: // all pictures of the standard library: without an allocation
		c = p.RGBA64At(x, y)
	default:
		r, g, b, a := picture.At(x, y).RGBA()
		c = color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)}
	}
	white := 0xffff - uint32(c.A)
	return int((19595*(uint32(c.R)+white) + 38470*(uint32(c.G)+white) + 7471*(uint32(c.B)+white) + 1<<15) >> 24)
}

// findings are the findings of the look.
func (l Look) findings() []Finding {
	switch {
	case l.Large:
		return []Finding{{"not_looked_at", medium, "The picture is too large to be decoded: it was not checked whether it shows a document.", sourceRead}}
	case !l.Done:
		return []Finding{{"not_looked_at", medium, "The picture was not decoded: it was not checked whether it shows a document.", sourceRead}}
	case !l.Whole:
		return []Finding{{"broken_image", high, "The picture is damaged or truncated: it cannot be decoded completely.", sourceRead}}
	case l.Spread < minSpread:
		return []Finding{{"blank", high, "The picture is blank: its brightness is uniform.", sourceRead}}
	case l.Detail < minDetail:
		return []Finding{{"no_detail", high, "The picture shows plain areas and nothing that could be text.", sourceRead}}
	}
	return nil
}
