// Package zone reads the machine-readable zone of a picture for the check of documents. It is separate so that only the
// function that examines pictures links the reader.
package zone

import (
	"image"
	"math"
	"strings"

	"ballerine/internal/docscan"
	"ballerine/internal/mrz"
)

// Read reads the zone of a picture; nil: there is none, or it cannot be relied on. The confidence is rounded down to hundredths.
func Read(picture image.Image) *docscan.Reading {
	read, ok := mrz.Read(picture)
	if !ok || !read.CheckDigits {
		return nil
	}
	return &docscan.Reading{MRZ: strings.Join(read.Lines, "\n"), Confidence: math.Floor(read.Confidence*100) / 100}
}
