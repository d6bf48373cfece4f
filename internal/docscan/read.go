package docscan

import "strings"

// reader collects what is read and what is wrong while a zone is taken apart.
type reader struct{ MRZ }

func readTD3(z string) MRZ {
	r := &reader{MRZ{Format: td3}}
	second := z[44:]
	r.code(z[0:2], "P")
	r.IssuingState = r.state("issuing_state", z[2:5])
	r.names(z[5:44])
	r.DocumentNumber = r.number(second[0:9])
	r.check("document_number", second[0:9], second[9])
	r.Nationality = r.state("nationality", second[10:13])
	r.birth(second[13:19], second[19])
	r.sex(second[20])
	r.expiry(second[21:27], second[27])
	r.Optional = r.optional(second[28:42])
	if strings.Trim(second[28:42], "<") != "" || second[42] != '<' { // an empty personal number may have < or 0
		r.check("personal_number", second[28:42], second[42])
	}
	r.check("composite", second[0:10]+second[13:20]+second[21:43], second[43])
	return r.MRZ
}

func readTD2(z string) MRZ {
	r := &reader{MRZ{Format: td2}}
	second := z[36:]
	r.code(z[0:2], "ACI")
	r.IssuingState = r.state("issuing_state", z[2:5])
	r.names(z[5:36])
	r.longNumber(second[0:9], second[9], second[28:35], &r.Optional)
	r.Nationality = r.state("nationality", second[10:13])
	r.birth(second[13:19], second[19])
	r.sex(second[20])
	r.expiry(second[21:27], second[27])
	r.check("composite", second[0:10]+second[13:20]+second[21:35], second[35])
	return r.MRZ
}

func readTD1(z string) MRZ {
	r := &reader{MRZ{Format: td1}}
	first, second := z[0:30], z[30:60]
	r.code(first[0:2], "ACI")
	r.IssuingState = r.state("issuing_state", first[2:5])
	r.longNumber(first[5:14], first[14], first[15:30], &r.Optional)
	r.birth(second[0:6], second[6])
	r.sex(second[7])
	r.expiry(second[8:14], second[14])
	r.Nationality = r.state("nationality", second[15:18])
	r.Optional2 = r.optional(second[18:29])
	r.check("composite", first[5:30]+second[0:7]+second[8:15]+second[18:29], second[29])
	r.names(z[60:90])
	return r.MRZ
}

func (r *reader) find(code string, severity Severity, message string) {
	for _, f := range r.Findings {
		if f.Code == code && f.Message == message {
			return
		}
	}
	r.Findings = append(r.Findings, Finding{Code: code, Severity: severity, Message: message})
}

// labels are how fields are called in messages.
func label(field string) string { return strings.ReplaceAll(field, "_", " ") }

func (r *reader) check(field, data string, digit byte) {
	if digit != checkDigit(data) {
		r.find("check_digit_"+field, high, "The check digit of the "+label(field)+" is wrong.")
	}
}

func (r *reader) code(text, first string) {
	r.DocumentCode = strings.TrimRight(text, "<")
	if strings.IndexByte(first, text[0]) < 0 || text[1] >= '0' && text[1] <= '9' {
		r.find("document_code", high, "The document code does not belong to this format.")
	}
}

// state reads a code of one to three letters with fillers after it ("D<<").
func (r *reader) state(field, text string) string {
	code := strings.TrimRight(text, "<")
	if code == "" || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		r.find("format_"+field, high, "The "+label(field)+" is not a code of letters.")
		return ""
	}
	return code
}

// number reads a document number: letters and digits, fillers after it and perhaps within.
func (r *reader) number(text string) string {
	number := strings.TrimRight(text, "<")
	if number == "" {
		r.find("format_document_number", high, "The document number is empty.")
	}
	return number
}

// longNumber reads a number of nine characters, or a longer one: then its check digit's place has a filler, and the rest,
// its check digit and a filler are at the start of the optional data (part 5, note j; part 6, note j).
func (r *reader) longNumber(start string, digit byte, optional string, rest *string) {
	if digit != '<' {
		r.DocumentNumber = r.number(start)
		r.check("document_number", start, digit)
		*rest = r.optional(optional)
		return
	}
	tail, after, _ := strings.Cut(optional, "<")
	if tail == "" || len(tail) < 2 || strings.Contains(start, "<") {
		r.find("check_digit_document_number", high, "The check digit of the document number is missing.")
		r.DocumentNumber = r.number(start)
		*rest = r.optional(optional)
		return
	}
	r.DocumentNumber = start + tail[:len(tail)-1]
	r.check("document_number", r.DocumentNumber, tail[len(tail)-1])
	*rest = r.optional(after)
}

func (r *reader) optional(text string) string { return strings.TrimRight(text, "<") }

func (r *reader) birth(text string, digit byte) {
	r.Birth = r.date("date_of_birth", text)
	r.check("date_of_birth", text, digit)
	if !r.Birth.Known() {
		r.find("date_of_birth_incomplete", low, "Parts of the date of birth are unknown.")
	}
}

func (r *reader) expiry(text string, digit byte) {
	r.Expiry = r.date("date_of_expiry", text)
	r.check("date_of_expiry", text, digit)
	if !r.Expiry.Known() {
		r.find("date_of_expiry_incomplete", medium, "The date of expiry is not complete.")
	}
}

// date reads YYMMDD. Fillers represent unknown parts.
func (r *reader) date(field, text string) Date {
	d := Date{r.two(field, text[0:2]), r.two(field, text[2:4]), r.two(field, text[4:6])}
	if d.Month == 0 || d.Month > 12 || d.Day == 0 || d.Day > 31 || d.Known() && !d.possible() {
		r.find("format_"+field, high, "The "+label(field)+" is not a date.")
		return Date{-1, -1, -1}
	}
	return d
}

// possible reports whether the day exists in one of four years, so that 29 February is judged with the century.
func (d Date) possible() bool {
	for _, century := range []int{1900, 2000} {
		if _, ok := d.in(century + d.Year); ok {
			return true
		}
	}
	return false
}

func (r *reader) two(field, text string) int {
	if text == "<<" {
		return -1
	}
	if text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9' {
		r.find("format_"+field, high, "The "+label(field)+" has characters that are not digits.")
		return -1
	}
	return int(text[0]-'0')*10 + int(text[1]-'0')
}

func (r *reader) sex(c byte) {
	switch c {
	case 'F', 'M':
		r.Sex = string(c)
	case '<', 'X':
		r.Sex = "X"
	default:
		r.find("format_sex", high, "The sex is none of F, M and <.")
	}
}

// names reads SURNAME<<GIVEN<NAMES. A full field may be truncated.
func (r *reader) names(field string) {
	r.NameTruncated = field[len(field)-1] != '<'
	text := strings.TrimRight(field, "<")
	surname, given, two := strings.Cut(text, "<<")
	r.Surname = words(surname)
	r.GivenNames = words(given)
	switch {
	case strings.ContainsAny(text, "0123456789"):
		r.find("format_name", high, "The name has digits in it.")
	case r.Surname == "":
		r.find("format_name", high, "The surname is empty.")
	case two && strings.Contains(given, "<<"):
		r.find("format_name", medium, "The name has more than one separator.")
	}
}

func words(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '<' }), " ")
}
