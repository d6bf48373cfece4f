package source_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ballerine/internal/source"
)

// Minified JSON is one line of a megabyte, in which anything can be wrong.
func TestWhatIsReportedOfALargeDocumentIsShort(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"` + strings.Repeat("n", 1000) + `":1`)
	for i := range 40_000 {
		fmt.Fprintf(&text, `,"unknown%d":1`, i)
	}
	text.WriteString("}")
	begun := time.Now()
	d := source.Parse("source", []byte(text.String()))
	d.Fields(d.Root, "", "id")
	if len(d.Diagnostics) != 40_001 || time.Since(begun) > time.Minute {
		t.Errorf("%d problems", len(d.Diagnostics))
	}
	d.Report(d.Root, "", "x", strings.Repeat("é", 100_000), "")
	if last := d.Diagnostics[len(d.Diagnostics)-1]; len(last.Message) > 1010 || !strings.HasSuffix(last.Message, "é…") {
		t.Errorf("%d bytes of a message", len(last.Message))
	}
	bytes := 0
	for _, one := range d.Diagnostics.AtMost(200) {
		bytes += len(one.Message) + len(one.Path) + len(one.Hint) + len(one.Excerpt)
	}
	if bytes > 200_000 {
		t.Errorf("%d bytes are reported", bytes)
	}
}
