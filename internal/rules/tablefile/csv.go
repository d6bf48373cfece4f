package tablefile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"ballerine/internal/problem"
	"ballerine/internal/rules/table"
)

const byteOrderMark = "\ufeff"

// WriteCSV gives a table as a CSV file: UTF-8, commas, lines that end in a line feed, and a byte order mark only where there
// is more than ASCII, as Excel needs it then. No cell is taken for a formula; see escape. Errors: Invalid for what no file
// can hold.
func WriteCSV(s table.Source) ([]byte, error) {
	grid, err := Layout(s)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, line := range grid.Lines {
		for k, cell := range line {
			if k > 0 {
				b.WriteByte(',')
			}
			text := escape(cell.Text)
			if strings.ContainsAny(text, ",;\"\t\r\n") || strings.TrimSpace(text) != text {
				text = quote(text)
			}
			b.WriteString(text)
		}
		b.WriteByte('\n')
	}
	if text := b.Bytes(); bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return append([]byte(byteOrderMark), text...), nil
	}
	return b.Bytes(), nil
}

// ReadCSV reads a CSV file: with commas, semicolons or tabs, with or without a byte order mark. The diagnostics have every
// problem that was found; with more than warnings among them the sheet is not to be used.
func ReadCSV(file string, text []byte) (Sheet, problem.Diagnostics) {
	head := Place{Line: 1, Column: 1, Cell: "A1"}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	switch {
	case len(text) > MaxBytes:
		return Sheet{}, problem.Diagnostics{head.Diagnostic(file, "too_large", "the file is too large", "")}
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return Sheet{}, problem.Diagnostics{head.Diagnostic(file, "syntax", "this is a workbook and no CSV file", "give it a name that ends in .xlsx")}
	case !utf8.Valid(text):
		return Sheet{}, problem.Diagnostics{head.Diagnostic(file, "encoding", "the file is not in UTF-8", "save it as \"CSV UTF-8\"")}
	}
	p := &csvParser{text: string(text), line: 1, column: 1}
	p.separator()
	lines := p.lines()
	if p.failed != nil {
		p.failed.File = file
		return Sheet{}, problem.Diagnostics{*p.failed}
	}
	return Grid{Lines: lines, DecimalCommas: p.comma == ';'}.Sheet(file)
}

// csvParser reads RFC 4180 and keeps the line breaks that a cell has.
type csvParser struct {
	text         string
	at           int
	line, column int // of at, from 1
	comma        byte
	failed       *problem.Diagnostic
}

// separator is said by a first line sep=; or is the first character outside quotes that could be it.
func (p *csvParser) separator() {
	if len(p.text) > 5 && strings.EqualFold(p.text[:4], "sep=") && (p.text[5] == '\r' || p.text[5] == '\n') {
		p.comma = p.text[4]
		for p.at < len(p.text) && p.line == 1 {
			p.step()
		}
		return
	}
	p.comma = ','
	within := false
	for i := range len(p.text) {
		switch c := p.text[i]; {
		case c == '"':
			within = !within
		case !within && (c == ',' || c == ';' || c == '\t'):
			p.comma = c
			return
		}
	}
}

// step goes on by one character.
func (p *csvParser) step() {
	r, size := utf8.DecodeRuneInString(p.text[p.at:])
	p.at += size
	p.column++
	if r == '\n' || r == '\r' && !strings.HasPrefix(p.text[p.at:], "\n") {
		p.line, p.column = p.line+1, 1
	}
}

func (p *csvParser) fail(at Place, code, message, hint string) {
	if p.failed == nil {
		d := at.Diagnostic("", code, message, hint)
		p.failed = &d
	}
	p.at = len(p.text)
}

func (p *csvParser) lines() [][]Cell {
	var lines [][]Cell
	for p.at < len(p.text) {
		if len(lines) == MaxLines {
			p.fail(Place{Line: p.line, Column: 1, Cell: CellName(len(lines)+1, 0)}, "too_large", "the file has too many lines", "")
			return nil
		}
		lines = append(lines, p.record(len(lines)+1))
	}
	return lines
}

// record reads a line of cells.
func (p *csvParser) record(number int) []Cell {
	var cells []Cell
	for {
		place := Place{Line: p.line, Column: p.column, Cell: CellName(number, len(cells))}
		if len(cells) == MaxColumns {
			p.fail(place, "too_large", "the line has too many cells", "")
			return nil
		}
		cells = append(cells, Cell{unescape(p.field(place)), place})
		if p.at == len(p.text) || p.text[p.at] != p.comma {
			break
		}
		p.step()
	}
	if strings.HasPrefix(p.text[p.at:], "\r\n") {
		p.step()
	}
	if p.at < len(p.text) {
		p.step()
	}
	return cells
}

func (p *csvParser) field(place Place) string {
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return p.quoted(place)
	}
	start := p.at
	for p.at < len(p.text) && p.text[p.at] != p.comma && p.text[p.at] != '\n' && p.text[p.at] != '\r' {
		p.step()
	}
	return p.text[start:p.at]
}

func (p *csvParser) quoted(place Place) string {
	var b strings.Builder
	for p.step(); p.at < len(p.text); {
		start := p.at
		p.step()
		if p.text[start] != '"' {
			b.WriteString(p.text[start:p.at])
			continue
		}
		if p.at < len(p.text) && p.text[p.at] == '"' {
			b.WriteByte('"')
			p.step()
			continue
		}
		if p.at < len(p.text) && p.text[p.at] != p.comma && p.text[p.at] != '\n' && p.text[p.at] != '\r' {
			p.fail(Place{Line: p.line, Column: p.column, Cell: place.Cell}, "syntax", "something stands behind the quotes", "quotes within quotes are doubled")
		}
		return b.String()
	}
	p.fail(place, "syntax", "the quotes are not closed", "")
	return ""
}
