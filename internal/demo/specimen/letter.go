package specimen

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"ballerine/internal/calendar"
)

// Letter is a proof of address: a utility's yearly statement, of a utility that does not exist.
type Letter struct {
	Issuer  string
	Name    string
	Address []string
	Date    time.Time
	Account string
	Years   int // of statements, one a page, the newest first; 0: one
}

// page is what stands on one, from the top.
type page []line

type line struct {
	x, y, size int
	bold       bool
	text       string
}

// PDF writes the letter and its statements: two pages or more, by hand, with fonts that every reader has.
func (l Letter) PDF() []byte {
	first := page{
		{60, 780, 18, true, l.Issuer},
		{60, 762, 9, false, "Customer service  -  P.O. Box 100  -  Utopia"},
		{60, 690, 11, false, l.Name},
	}
	y := 674
	for _, text := range l.Address {
		first = append(first, line{60, y, 11, false, text})
		y -= 15
	}
	first = append(
		first,
		line{400, 640, 10, false, l.Date.Format("2 January 2006")}, line{400, 625, 10, false, "Account " + l.Account},
		line{60, 570, 13, true, "Your yearly statement"},
	)
	y = 540
	for _, text := range []string{
		"Dear " + l.Name + ",", "", "thank you for being our customer. With this letter you receive the statement for the supply of",
		"electricity to the address above. The details are on the next page.", "",
		"The amount is collected by direct debit. You need not do anything.", "",
		"This letter was made by a computer and is valid without a signature.", "", "Yours sincerely", l.Issuer,
	} {
		first = append(first, line{60, y, 10, false, text})
		y -= 16
	}
	pages := []page{first}
	for year := range max(l.Years, 1) {
		pages = append(pages, l.statement(calendar.AddYears(l.Date, -year)))
	}
	return pdf(pages)
}

// statement is what was supplied in the year before a day.
func (l Letter) statement(until time.Time) page {
	p := page{{60, 780, 13, true, "Statement " + l.Account}, {60, 764, 9, false, until.Format("2 January 2006")}}
	y, total := 720, 0
	for i := range 12 {
		month := calendar.AddMonths(until, i-12)
		units := 140 + int(hashOf(l.Account+month.Format("Jan"))%160)
		cents := units*31 + 1190
		total += cents
		p = append(
			p,
			line{60, y, 10, false, month.Format("January 2006")}, line{260, y, 10, false, fmt.Sprintf("%d kWh", units)},
			line{430, y, 10, false, fmt.Sprintf("%d.%02d", cents/100, cents%100)},
		)
		y -= 22
	}
	return append(p, line{60, y - 12, 11, true, "Total"}, line{430, y - 12, 11, true, fmt.Sprintf("%d.%02d", total/100, total%100)})
}

// pdf writes objects one after the other, and where each begins.
func pdf(pages []page) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	var begins []int
	object := func(body string) {
		begins = append(begins, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(begins), body)
	}
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 5+2*i))
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages)))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
	for i, p := range pages {
		content := p.content(i+1, len(pages))
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>", 6+2*i))
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content))
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(begins)+1)
	for _, at := range begins {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(begins)+1, table)
	return out.Bytes()
}

func (p page) content(number, of int) string {
	var b strings.Builder
	b.WriteString("q 0.90 0.83 0.83 rg BT /F2 84 Tf 0.707 0.707 -0.707 0.707 130 210 Tm (SPECIMEN) Tj ET Q\n")
	b.WriteString("q 0.16 0.36 0.50 rg 60 752 475 2 re f Q\n")
	for _, l := range append(p, line{60, 40, 8, false, fmt.Sprintf("Page %d of %d", number, of)}) {
		name := "F1"
		if l.bold {
			name = "F2"
		}
		fmt.Fprintf(&b, "BT /%s %d Tf %d %d Td (%s) Tj ET\n", name, l.size, l.x, l.y, literal(l.text))
	}
	return b.String()
}

// literal writes text as PDF does, in Windows-1252; a letter that is not there loses its accent.
func literal(text string) string {
	var b strings.Builder
	for _, r := range text {
		c, ok := charmap.Windows1252.EncodeRune(r)
		if !ok {
			base := []rune(norm.NFD.String(string(r)))[0]
			if c, ok = charmap.Windows1252.EncodeRune(base); !ok {
				c = '?'
			}
		}
		if c == '(' || c == ')' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
