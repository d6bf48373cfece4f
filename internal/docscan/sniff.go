package docscan

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

// contentTypes are the types that a document may have. TIFF, SVG and office formats are left out on purpose: browsers
// do not show the first, and the others can carry programs.
func contentTypes() []string {
	return []string{"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "application/pdf"}
}

// Limits of an image.
const (
	minSide    = 300         // pixels: below it a document is illegible
	smallSide  = 600         // pixels: below it reading is hard
	mostPixels = 100_000_000 // a small file with more is made to exhaust the program that opens it
	maxAspect  = 4           // longer for its width than any document, a receipt included
)

// sniff detects the real content type from the first bytes. Errors: UnsupportedMedia, when it is not allowed, or not what
// was announced.
func sniff(head []byte, announced string) (string, error) {
	detected := mimetype.Detect(head)
	real, _, _ := strings.Cut(detected.String(), ";")
	if !slices.Contains(contentTypes(), real) {
		return real, problem.New(problem.UnsupportedMedia, "The file type is not accepted.").Detail("accepted", contentTypes())
	}
	if family(real) != family(announced) {
		return real, problem.New(problem.UnsupportedMedia, "The file does not have the announced type.").Detail("detected", real)
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

// checkImage judges the header and, if LookAt was called, the pixels. refuse is true for an image that must not be opened.
func checkImage(contentType string, input Input) (findings []Finding, refuse bool) {
	find := func(code string, severity Severity, message string) {
		findings = append(findings, Finding{code, severity, message, sourceRead})
	}
	if !strings.HasPrefix(contentType, "image/") {
		return nil, false
	}
	if !decodes(contentType) {
		find("not_looked_at", low, "Pictures of this type are not decoded: it was not checked whether this one shows a document.")
		return findings, false
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(input.Head))
	switch {
	case err != nil:
		find("unreadable_image", high, "The image's header cannot be read.")
		return findings, true
	case int64(config.Width)*int64(config.Height) > mostPixels:
		find("too_many_pixels", high, "The image has more pixels than a document needs.")
		return findings, true
	}
	short, long := min(config.Width, config.Height), max(config.Width, config.Height)
	switch {
	case short < minSide:
		find("too_small", high, "The image is too small to be read.")
	case short < smallSide:
		find("small", low, "The image is small; details may not be readable.")
	}
	if long > maxAspect*short {
		find("unlikely_shape", medium, "The image is longer and narrower than any document.")
	}
	return append(findings, input.Look.findings()...), false
}

// checkPDF finds PDFs that contain programs or cannot be viewed.
func checkPDF(contentType string, head []byte) []Finding {
	if contentType != "application/pdf" {
		return nil
	}
	findings := []Finding{{"not_looked_at", low, "Pages of a PDF are not rendered: it was not checked whether this one shows a document.", sourceRead}}
	if bytes.Contains(head, []byte("/Encrypt")) {
		findings = append(findings, Finding{"encrypted", high, "The PDF is encrypted.", sourceRead})
	}
	for _, mark := range []string{"/JavaScript", "/JS ", "/JS(", "/Launch", "/EmbeddedFile"} {
		if bytes.Contains(head, []byte(mark)) {
			return append(findings, Finding{"active_content", high, "The PDF has scripts, launches programs or embeds files.", sourceRead})
		}
	}
	return findings
}
