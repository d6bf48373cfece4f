package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Limits of a workbook, so that a small file cannot become a large one. They are counted while it is read, whatever
// sizes the file states.
const (
	maxParts  = 5000
	maxSheet  = 96 << 20 // bytes of a sheet
	maxOther  = 64 << 20 // of another part
	maxText   = 4 << 15  // of a cell
	maxTexts  = 2_000_000
	maxNested = 64
)

// errTooLarge is a workbook above a limit.
var errTooLarge = errors.New("the workbook is too large")

// book is the parts of a workbook that are read.
type book struct {
	files  map[string]*zip.File
	sheets []sheetInfo
	texts  []string
	dates  []bool // by style: numbers are dates
	from04 bool   // dates count from 1904
}

type sheetInfo struct {
	name   string
	part   string
	hidden bool
}

func openBook(data []byte) (*book, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("read the workbook: %w", err)
	}
	if len(archive.File) > maxParts {
		return nil, errTooLarge
	}
	b := &book{files: map[string]*zip.File{}}
	for _, f := range archive.File {
		b.files[strings.TrimPrefix(f.Name, "/")] = f
	}
	if b.files["xl/workbook.xml"] == nil {
		return nil, errors.New("read the workbook: it has no sheets")
	}
	targets := map[string]string{}
	if err := b.each("xl/_rels/workbook.xml.rels", maxOther, func(at xml.StartElement, _ *xml.Decoder) (bool, error) {
		if at.Name.Local == "Relationship" && strings.HasSuffix(attribute(at, "Type"), "/worksheet") {
			target := attribute(at, "Target")
			if !strings.HasPrefix(target, "/") {
				target = "xl/" + target
			}
			targets[attribute(at, "Id")] = strings.TrimPrefix(path.Clean(target), "/")
		}
		return false, nil
	}); err != nil {
		return nil, err
	}
	if err := b.each("xl/workbook.xml", maxOther, func(at xml.StartElement, _ *xml.Decoder) (bool, error) {
		switch at.Name.Local {
		case "workbookPr":
			b.from04 = truth(attribute(at, "date1904"))
		case "sheet":
			if part := targets[attribute(at, "id")]; part != "" {
				b.sheets = append(b.sheets, sheetInfo{attribute(at, "name"), part, strings.Contains(strings.ToLower(attribute(at, "state")), "hidden")})
			}
		}
		return false, nil
	}); err != nil {
		return nil, err
	}
	if err := b.readTexts(); err != nil {
		return nil, err
	}
	return b, b.readStyles()
}

func attribute(at xml.StartElement, name string) string {
	for _, a := range at.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func truth(text string) bool { return text == "1" || strings.EqualFold(text, "true") }

// each visits the elements of a part; a missing part has none. A visit that returns whole has read its element up to the
// end: the decoder's offset does not show that, because an element without content ends where it begins.
func (b *book) each(part string, limit int64, visit func(at xml.StartElement, d *xml.Decoder) (whole bool, err error)) error {
	f := b.files[part]
	if f == nil {
		return nil
	}
	open, err := f.Open()
	if err != nil {
		return fmt.Errorf("read the workbook: %w", err)
	}
	defer open.Close()
	counted := &io.LimitedReader{R: open, N: limit}
	d := xml.NewDecoder(counted)
	for depth := 0; ; {
		token, err := d.Token()
		switch {
		case counted.N <= 0 || depth > maxNested:
			return errTooLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read the workbook: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			whole, err := visit(token, d)
			if err != nil {
				if counted.N <= 0 {
					return errTooLarge
				}
				return err
			}
			if !whole {
				depth++
			}
		case xml.EndElement:
			depth--
		}
	}
}

// within visits the elements and texts below the element that was just begun, up to its end.
func within(d *xml.Decoder, visit func(path []string, token xml.Token)) error {
	var path []string
	size := 0
	for {
		token, err := d.Token()
		if err != nil {
			return fmt.Errorf("read the workbook: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if path = append(path, token.Name.Local); len(path) > maxNested {
				return errTooLarge
			}
			visit(path, token)
		case xml.EndElement:
			if len(path) == 0 {
				return nil
			}
			path = path[:len(path)-1]
		case xml.CharData:
			if size += len(token); size > maxText {
				return errTooLarge
			}
			visit(path, token)
		}
	}
}

// readTexts reads the texts that cells share.
func (b *book) readTexts() error {
	return b.each("xl/sharedStrings.xml", maxOther, func(at xml.StartElement, d *xml.Decoder) (bool, error) {
		if at.Name.Local != "si" {
			return false, nil
		}
		if len(b.texts) >= maxTexts {
			return false, errTooLarge
		}
		var text strings.Builder
		err := within(d, func(path []string, token xml.Token) {
			if data, ok := token.(xml.CharData); ok && isText(path) {
				text.Write(data)
			}
		})
		b.texts = append(b.texts, unescape(text.String()))
		return true, err
	})
}

// isText reports whether a path within a text leads to what people see: t, or r/t of a text in several fonts, not the
// pronunciation of it.
func isText(path []string) bool {
	return len(path) > 0 && path[len(path)-1] == "t" && path[0] != "rPh"
}

// readStyles finds the styles in which a number is a date.
func (b *book) readStyles() error {
	formats, within := map[string]string{}, false
	return b.each("xl/styles.xml", maxOther, func(at xml.StartElement, _ *xml.Decoder) (bool, error) {
		switch at.Name.Local {
		case "numFmt":
			formats[attribute(at, "numFmtId")] = attribute(at, "formatCode")
		case "cellXfs":
			within = true
		case "cellStyles", "dxfs":
			within = false
		case "xf":
			if within {
				id := attribute(at, "numFmtId")
				b.dates = append(b.dates, dateFormat(id, formats[id]))
			}
		}
		return false, nil
	})
}
