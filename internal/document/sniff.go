package document

import (
	"bytes"
	"image"
	_ "image/jpeg" // reads the dimensions of JPEG
	_ "image/png"  // reads the dimensions of PNG
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"ballerine/internal/problem"
)

// ContentTypes are the types that a document may have. TIFF, SVG and office formats are left out on purpose: browsers
// do not show the first, and the others can carry programs.
func ContentTypes() []string {
	return []string{"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "application/pdf"}
}

// Limits of an image.
const (
	minSide   = 300         // pixels: below it nobody can read a document
	smallSide = 600         // pixels: below it reading is hard
	maxPixels = 100_000_000 // a small file with more is made to exhaust whoever opens it
)

// Sniff tells the real content type from the first bytes. Errors: UnsupportedMedia, when it is not allowed, or not what
// was announced.
func Sniff(head []byte, announced string) (string, error) {
	detected := mimetype.Detect(head)
	real, _, _ := strings.Cut(detected.String(), ";")
	if !slices.Contains(ContentTypes(), real) {
		return real, problem.New(problem.UnsupportedMedia, "The file is of no type that is accepted.").Detail("accepted", ContentTypes())
	}
	if family(real) != family(announced) {
		return real, problem.New(problem.UnsupportedMedia, "The file is not of the type that was announced.").Detail("detected", real)
	}
	return real, nil
}

// family treats HEIC and HEIF as one: devices announce the one and write the other.
func family(contentType string) string {
	base, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch base = strings.TrimSpace(base); base {
	case "image/heif":
		return "image/heic"
	case "image/jpg":
		return "image/jpeg"
	}
	return base
}

// checkImage looks at the header only; nothing is decoded. refuse is true for an image that must not be opened.
func checkImage(contentType string, head []byte) (findings []Finding, refuse bool) {
	if contentType != "image/jpeg" && contentType != "image/png" {
		return nil, false
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(head))
	switch {
	case err != nil:
		return []Finding{{"unreadable_image", High, "The image's header cannot be read."}}, true
	case int64(config.Width)*int64(config.Height) > maxPixels:
		return []Finding{{"too_many_pixels", High, "The image has more pixels than a document needs."}}, true
	case min(config.Width, config.Height) < minSide:
		return []Finding{{"too_small", High, "The image is too small to be read."}}, false
	case min(config.Width, config.Height) < smallSide:
		return []Finding{{"small", Low, "The image is small; details may not be readable."}}, false
	}
	return nil, false
}

// checkPDF finds PDFs that carry programs or cannot be looked at.
func checkPDF(contentType string, head []byte) []Finding {
	if contentType != "application/pdf" {
		return nil
	}
	var findings []Finding
	if bytes.Contains(head, []byte("/Encrypt")) {
		findings = append(findings, Finding{"encrypted", High, "The PDF is encrypted."})
	}
	for _, mark := range []string{"/JavaScript", "/JS ", "/JS(", "/Launch", "/EmbeddedFile"} {
		if bytes.Contains(head, []byte(mark)) {
			return append(findings, Finding{"active_content", High, "The PDF has scripts, launches programs or embeds files."})
		}
	}
	return findings
}
