package csvfile

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// Codes of faults.
const (
	codeEncoding  = "encoding"  // not UTF-8
	codeWorkbook  = "workbook"  // an XLSX file, not a CSV file
	codeSeparator = "separator" // a first line sep= that names none
	codeQuote     = "quote"     // a quotation mark that is misplaced or never closed
	CodeTooLarge  = "too_large" // beyond a limit
)

// Limits of a file. A file beyond one is read up to there and gets one fault.
type Limits struct {
	Bytes, Records, Fields int // Fields is of a record
}

// Place is where a field begins or a fault is.
type Place struct {
	Line, Column int // from 1; the column in characters
}

// Field is one field of a record. Its text is UTF-8 and keeps its spaces and line ends.
type Field struct {
	Text string
	Place
}

// Fault is what is wrong with a file. Any fault means that the file is not to be used. It never holds a value.
type Fault struct {
	Place
	Record, Field       int // counted from 0: the record and field in which the fault is
	Code, Message, Hint string
}

// Reader reads the records of a file one after the other.
type Reader struct {
	text      string
	limits    Limits
	report    func(Fault)
	separator byte
	valid     bool // the whole text is UTF-8

	at       int
	place    Place // of at
	record   int   // the one that is read, from 0
	finished bool
}

// NewReader starts to read a file. It calls report for each fault, in the order of their places.
func NewReader(text string, limits Limits, report func(Fault)) *Reader {
	r := &Reader{text: strings.TrimPrefix(text, byteOrderMark), limits: limits, report: report, place: Place{1, 1}, separator: ','}
	switch {
	case len(text) > limits.Bytes:
		r.stop(0, CodeTooLarge, "the file is too large", "at most "+strconv.Itoa(limits.Bytes>>20)+" MB")
	case strings.HasPrefix(r.text, "PK\x03\x04"):
		r.stop(0, codeWorkbook, "this is a workbook, not a CSV file", `save the sheet as "CSV UTF-8"`)
	case strings.HasPrefix(r.text, "\xff\xfe"), strings.HasPrefix(r.text, "\xfe\xff"):
		r.stop(0, codeEncoding, "this is UTF-16", `save the file as "CSV UTF-8"`)
	default:
		r.valid = utf8.ValidString(r.text)
		r.findSeparator()
	}
	return r
}

// Separator is the character between fields: the one that a first line sep= names, as Excel writes it, or else the most
// frequent of comma, semicolon and tab in the first line that is not empty.
func (r *Reader) Separator() byte { return r.separator }

// Next returns the next record; false after the last. An empty line is a record with one empty field.
func (r *Reader) Next() (fields []Field, more bool) {
	if r.finished || r.at >= len(r.text) {
		return nil, false
	}
	if r.record == r.limits.Records {
		r.stop(0, CodeTooLarge, "the file has too many lines", "at most "+strconv.Itoa(r.limits.Records))
		return nil, false
	}
	for {
		if len(fields) == r.limits.Fields {
			r.stop(len(fields), CodeTooLarge, "the line has too many fields", "at most "+strconv.Itoa(r.limits.Fields))
			return fields, true
		}
		fields = append(fields, r.field(len(fields)))
		if r.at >= len(r.text) || r.text[r.at] != r.separator {
			break
		}
		r.advance(r.at + 1)
	}
	r.lineEnd()
	r.record++
	return fields, true
}

// Blank reports whether a record consists of spaces only.
func Blank(fields []Field) bool {
	for _, f := range fields {
		if strings.TrimSpace(f.Text) != "" {
			return false
		}
	}
	return true
}

func (r *Reader) fault(at Place, field int, code, message, hint string) {
	r.report(Fault{Place: at, Record: r.record, Field: field, Code: code, Message: message, Hint: hint})
}

// stop ends the reading with a fault.
func (r *Reader) stop(field int, code, message, hint string) {
	r.fault(r.place, field, code, message, hint)
	r.finished = true
}

// advance moves to a position in the same line.
func (r *Reader) advance(to int) {
	r.place.Column += utf8.RuneCountInString(r.text[r.at:to])
	r.at = to
}

// lineEnd goes beyond the line end that is here, if one is.
func (r *Reader) lineEnd() {
	switch {
	case strings.HasPrefix(r.text[r.at:], "\r\n"):
		r.at += 2
	case r.at < len(r.text) && isLineEnd(r.text[r.at]):
		r.at++
	default:
		return
	}
	r.place = Place{r.place.Line + 1, 1}
}

func isLineEnd(c byte) bool { return c == '\n' || c == '\r' }

func (r *Reader) field(number int) Field {
	f := Field{Place: r.place}
	if r.at < len(r.text) && r.text[r.at] == '"' {
		f.Text = r.quoted(number)
	} else {
		f.Text = r.bare(number)
	}
	if !r.valid && !utf8.ValidString(f.Text) {
		r.fault(f.Place, number, codeEncoding, "the field is not UTF-8", `save the file as "CSV UTF-8"`)
		f.Text = strings.ToValidUTF8(f.Text, string(utf8.RuneError))
	}
	return f
}

// bare reads up to a separator or the end of the line.
func (r *Reader) bare(number int) string {
	start, end := r.at, r.fieldEnd()
	if mark := strings.IndexByte(r.text[start:end], '"'); mark >= 0 {
		r.advance(start + mark)
		r.fault(r.place, number, codeQuote, "the field contains a quotation mark", `put the field into quotation marks and double those inside it ("")`)
	}
	r.advance(end)
	return r.text[start:end]
}

// fieldEnd is where a field without quotation marks ends.
func (r *Reader) fieldEnd() int {
	for at := r.at; at < len(r.text); at++ {
		if c := r.text[at]; c == r.separator || isLineEnd(c) {
			return at
		}
	}
	return len(r.text)
}

// quoted reads a field in quotation marks.
func (r *Reader) quoted(number int) string {
	opened := r.place
	r.advance(r.at + 1)
	var b strings.Builder
	for {
		size := strings.IndexAny(r.text[r.at:], "\"\r\n")
		if size < 0 {
			b.WriteString(r.text[r.at:])
			r.advance(len(r.text))
			r.fault(opened, number, codeQuote, "the quotation mark is never closed", "")
			return b.String()
		}
		b.WriteString(r.text[r.at : r.at+size])
		r.advance(r.at + size)
		start := r.at
		if r.text[r.at] != '"' {
			r.lineEnd()
			b.WriteString(r.text[start:r.at])
			continue
		}
		r.advance(r.at + 1)
		if r.at >= len(r.text) || r.text[r.at] != '"' {
			break
		}
		b.WriteByte('"')
		r.advance(r.at + 1)
	}
	end := r.fieldEnd()
	if rest := r.text[r.at:end]; rest != "" {
		r.fault(r.place, number, codeQuote, "there is text after the closing quotation mark of the field", `write "" for a quotation mark within the field`)
		b.WriteString(rest)
	}
	r.advance(end)
	return b.String()
}
