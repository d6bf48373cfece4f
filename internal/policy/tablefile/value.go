package tablefile

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// Number reads a number as JSON writes it.
func Number(text string) (float64, bool) {
	if !numberForm.MatchString(text) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange) // ErrRange: infinite
}

// NumberText is the shortest text of a number that reads as it.
func NumberText(f float64) string {
	if size := math.Abs(f); size >= 1e21 || size > 0 && size < 1e-6 {
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// readValue reads a cell of an output. ok is false when a quoted text is not closed.
func readValue(text string) (v any, ok bool) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" || text == "null":
		return nil, true
	case strings.EqualFold(text, "true"):
		return true, true
	case strings.EqualFold(text, "false"):
		return false, true
	case text[0] == '"':
		quoted, rest, ok := quoted(text)
		return quoted, ok && rest == ""
	}
	if f, ok := Number(text); ok {
		return f, true
	}
	return text, true
}

// valueText is what readValue reads as the value. ok is false for what is no value of a table.
func valueText(v any) (text string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return NumberText(v), !math.IsInf(v, 0) && !math.IsNaN(v)
	case string:
		if back, ok := readValue(v); ok && back == any(v) {
			return v, utf8.ValidString(v)
		}
		return quote(v), utf8.ValidString(v)
	}
	return "", false
}

func quote(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// quoted reads a text in double quotes; two of them are one.
func quoted(text string) (content, rest string, ok bool) {
	var b strings.Builder
	for at := 1; at < len(text); at++ {
		if text[at] != '"' {
			b.WriteByte(text[at])
			continue
		}
		if at+1 < len(text) && text[at+1] == '"' {
			b.WriteByte('"')
			at++
			continue
		}
		return b.String(), strings.TrimSpace(text[at+1:]), true
	}
	return "", "", false
}

// readTexts reads a list of texts, separated by commas, in double quotes where they need it.
func readTexts(text string) (texts []string, ok bool) {
	for text = strings.TrimSpace(text); text != ""; {
		var one string
		if text[0] == '"' {
			if one, text, ok = quoted(text); !ok || text != "" && text[0] != ',' {
				return nil, false
			}
		} else {
			end := strings.IndexByte(text, ',')
			if end < 0 {
				end = len(text)
			}
			one, text = strings.TrimSpace(text[:end]), text[end:]
		}
		texts = append(texts, one)
		if rest, more := strings.CutPrefix(text, ","); more {
			if text = strings.TrimSpace(rest); text == "" {
				return nil, false
			}
		}
	}
	return texts, true
}

func writeTexts(texts []string) string {
	all := make([]string, len(texts))
	for i, one := range texts {
		if all[i] = one; one == "" || strings.ContainsAny(one, "\",") || strings.TrimSpace(one) != one {
			all[i] = quote(one)
		}
	}
	return strings.Join(all, ", ")
}
