package docscan

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/problem"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	return encoded(t, drawn(width, height, func(x, y int) uint8 {
		if y/8%2 == 0 && x/(width/40+1)%2 == 0 { // something like lines of writing
			return 20
		}
		return 230
	}))
}

func drawn(width, height int, level func(x, y int) uint8) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetGray(x, y, color.Gray{Y: level(x, y)})
		}
	}
	return img
}

func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// given is a document as a task gives it: looked at.
func given(input Input) Input {
	input.Look = LookAt(input.Head, nil)
	return input
}

// bomb is a PNG whose header claims more pixels than anybody needs.
func bomb() []byte {
	header := make([]byte, 13)
	binary.BigEndian.PutUint32(header, 60_000)
	binary.BigEndian.PutUint32(header[4:], 60_000)
	header[8], header[9] = 8, 0
	chunk := append([]byte("IHDR"), header...)
	b := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	b = append(b, chunk...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
}

func passport(t *testing.T, zone string) Input {
	t.Helper()
	return given(Input{ID: "doc_1", Kind: "passport", Side: "front", ContentType: "image/png", Head: picture(t, 800, 600), Properties: map[string]any{"mrz": zone}})
}

func person(given, family, birth string) map[string]any {
	return map[string]any{"name": map[string]any{"given": given, "family": family}, "date_of_birth": birth}
}

var anna = person("Anna Maria", "Eriksson", "1974-08-12")

func codes(r Report) []string {
	var list []string
	for _, d := range r.Documents {
		for _, f := range d.Findings {
			list = append(list, f.Code)
		}
	}
	return list
}

// The report's JSON is a contract of rules and guards.
func TestTheReportOfTheSpecimenPassport(t *testing.T) {
	report := CheckCase([]Input{passport(t, specimenTD3)}, anna, []Requirement{{Kind: "passport", MRZ: true}, {Kind: "id_card", Sides: []string{"front", "back"}}}, now)
	got, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/specimen_report.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
	}
}

func TestAnExpiredDocumentIsValidAndPasses(t *testing.T) {
	report := CheckCase([]Input{passport(t, specimenTD3)}, anna, nil, now)
	if !report.Passed || !report.MRZ.Valid || !*report.MRZ.Expired || report.MRZ.ExpiryDate != "2012-04-15" || !slices.Equal(codes(report), []string{"expired"}) {
		t.Errorf("%+v %+v", report, report.MRZ)
	}
	last := time.Date(2012, 4, 15, 23, 59, 0, 0, time.UTC)
	if report := CheckCase([]Input{passport(t, specimenTD3)}, anna, nil, last); *report.MRZ.Expired || report.FindingsCount != 0 {
		t.Errorf("a document is good on its last day: %+v", codes(report))
	}
}

func TestAReportHoldsNoNamesNumbersOrDates(t *testing.T) {
	report := CheckCase([]Input{passport(t, strings.Replace(specimenTD3, "ZE184226B", "ZE184226C", 1))}, person("Petra", "Quibble", "1999-01-01"), nil, now)
	written, err := json.Marshal(report)
	if err != nil || report.Passed {
		t.Fatal(report, err)
	}
	for _, private := range []string{"ERIKSSON", "Quibble", "Petra", "L898902C", "ZE184226", "740812", "1974", "1999"} {
		if strings.Contains(string(written), private) {
			t.Errorf("the report shows %s", private)
		}
	}
}

func TestWhatWasDeclaredIsComparedWithTheZone(t *testing.T) {
	yes, no := answer(true), answer(false)
	same := func(a, b *bool) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
	for name, c := range map[string]struct {
		applicant   map[string]any
		name, birth *bool
	}{
		"the same":               {anna, yes, yes},
		"flat fields":            {map[string]any{"given_name": "Anna", "family_name": "Eriksson"}, yes, nil},
		"fewer given names":      {person("Anna", "Eriksson", ""), yes, nil},
		"more given names":       {person("Anna Lena Maria", "ERIKSSON", "1974-08-12T00:00:00Z"), yes, yes},
		"another order":          {person("Maria Anna", "Eriksson", "1974-12-08"), no, no},
		"another surname":        {person("Anna", "Ericsson", "1974-08-12"), no, yes},
		"a part of the surname":  {person("Anna", "Eriks", ""), no, nil},
		"accents":                {person("Ánna-María", "Erikssón", ""), yes, nil},
		"no name":                {map[string]any{"date_of_birth": "1974-08-12"}, nil, yes},
		"nothing":                {nil, nil, nil},
		"not what it should be":  {map[string]any{"name": 7, "date_of_birth": 1974}, nil, nil},
		"another script":         {person("Анна", "Эрикссон", ""), nil, nil},
		"surname as given names": {person("Eriksson", "Anna Maria", ""), no, nil},
	} {
		got := CheckCase([]Input{passport(t, specimenTD3)}, c.applicant, nil, now).MRZ
		if !same(got.NameMatches, c.name) || !same(got.DateOfBirthMatches, c.birth) {
			t.Errorf("%s: name %v, birth %v", name, got.NameMatches, got.DateOfBirthMatches)
		}
	}
}

func TestNamesAreSpelledAsTheStandardSpellsThem(t *testing.T) {
	zone := func(surname, given string) MRZ {
		return MRZ{Surname: surname, GivenNames: given}
	}
	for _, c := range []struct {
		zone          MRZ
		given, family string
		want          bool
	}{
		{zone("MUELLER", "JUERGEN"), "Jürgen", "Müller", true},
		{zone("MULLER", "JURGEN"), "Jürgen", "Müller", true},
		{zone("STRASSER", "GUENTHER"), "Günther", "Straßer", true},
		{zone("O CONNOR", "SEAN"), "Seán", "O'Connor", true},
		{zone("OCONNOR", "SEAN"), "Sean", "O’Connor", true},
		{zone("SMITH JONES", "SUSIE MARGARET"), "Susie", "Smith-Jones", true},
		{zone("AASEN", "OEYVIND"), "Øyvind", "Åsen", true},
		{zone("NUNEZ", "INIGO"), "Iñigo", "Núñez", true},
		{zone("LUKASZEWICZ", "LUKASZ"), "Łukasz", "Łukaszewicz", true},
		{zone("DE LA CRUZ", "JUAN"), "Juan", "Delacruz", true},
		{zone("ARKFREITH", ""), "Anna", "Arkfreith", false},
		{MRZ{Surname: "NILAVADHANANANDA", GivenNames: "CHAYAPA DEJTHAMRONG K", NameTruncated: true}, "Chayapa Dejthamrong Krasuang", "Nilavadhanananda", true},
		{MRZ{Surname: "NILAVADHANANANDACHAYAPADEJTHAMRONGKRASU", NameTruncated: true}, "Anna", "Nilavadhanananda Chayapa Dejthamrong Krasuang", true},
		{MRZ{Surname: "NILAVADHANANANDA", GivenNames: "CHAYAPA"}, "Chay", "Nilavadhanananda", false},
	} {
		if got, _ := compareName(c.zone, c.given, c.family); got == nil || *got != c.want {
			t.Errorf("%s %s against %+v: %v", c.given, c.family, c.zone, got)
		}
	}
}

func TestFilesAreWhatTheyWereAnnouncedToBe(t *testing.T) {
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 700, 700)), nil); err != nil {
		t.Fatal(err)
	}
	pic := picture(t, 700, 700)
	heic := []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
	for name, c := range map[string]struct {
		head      []byte
		announced string
		ok        bool
	}{
		"png":             {pic, "image/png", true},
		"png, parameters": {pic, "image/PNG; x=1", true},
		"jpeg":            {jpg.Bytes(), "image/jpeg", true},
		"jpg":             {jpg.Bytes(), "image/jpg", true},
		"pdf":             {[]byte("%PDF-1.7\n"), "application/pdf", true},
		"webp":            {[]byte("RIFF\x24\x00\x00\x00WEBPVP8 "), "image/webp", true},
		"heic":            {heic, "image/heic", true},
		"heic as heif":    {heic, "image/heif", true},
		"png as jpeg":     {pic, "image/jpeg", false},
		"html as png":     {[]byte("<html><script>alert(1)</script>"), "image/png", false},
		"svg":             {[]byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>`), "image/svg+xml", false},
		"zip":             {[]byte("PK\x03\x04aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), "application/zip", false},
		"program":         {[]byte("MZ\x90\x00"), "application/pdf", false},
		"nothing":         {nil, "image/png", false},
	} {
		got, err := sniff(c.head, c.announced)
		if (err == nil) != c.ok || err != nil && problem.CodeOf(err) != problem.UnsupportedMedia {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestBadFilesAreRefusedOrFoundWanting(t *testing.T) {
	for name, c := range map[string]struct {
		contentType string
		head        []byte
		status      Status
		code        string
		passed      bool
	}{
		"large enough":     {"image/png", picture(t, 800, 600), Checked, "", true},
		"small":            {"image/png", picture(t, 800, 599), Checked, "small", true},
		"too small":        {"image/png", picture(t, 299, 900), Checked, "too_small", false},
		"a bomb":           {"image/png", bomb(), Refused, "too_many_pixels", false},
		"broken":           {"image/png", []byte("\x89PNG\r\n\x1a\nbroken"), Refused, "unreadable_image", false},
		"cut off":          {"image/jpeg", []byte("\xff\xd8\xff\xe0\x00\x10JFIF"), Refused, "unreadable_image", false},
		"another type":     {"image/jpeg", picture(t, 800, 600), Refused, "content_type", false},
		"empty":            {"image/png", nil, Missing, "not_uploaded", false},
		"a plain PDF":      {"application/pdf", []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj"), Checked, "not_looked_at", true},
		"a PDF with code":  {"application/pdf", []byte("%PDF-1.4\n<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>"), Checked, "not_looked_at active_content", false},
		"an encrypted PDF": {"application/pdf", []byte("%PDF-1.4\ntrailer<</Encrypt 5 0 R>>"), Checked, "not_looked_at encrypted", false},
	} {
		report := CheckCase([]Input{given(Input{ID: "doc_1", Kind: "bill", ContentType: c.contentType, Head: c.head})}, nil, nil, now)
		got := strings.Join(codes(report), " ")
		if d := report.Documents[0]; d.Status != c.status || got != c.code || report.Passed != c.passed || report.FindingsCount != len(codes(report)) {
			t.Errorf("%s: %s, %q, passed %v", name, d.Status, got, report.Passed)
		}
	}
}

func TestRequiredDocumentsAreMissed(t *testing.T) {
	front := given(Input{ID: "doc_1", Kind: "id_card", Side: "front", ContentType: "image/png", Head: picture(t, 700, 700)})
	required := []Requirement{{Kind: "id_card", Sides: []string{"front", "back"}, MRZ: true}, {Kind: "bill"}}
	report := CheckCase([]Input{front}, nil, required, now)
	var got []string
	for _, d := range report.Documents {
		got = append(got, d.Kind+" "+d.Side+" "+string(d.Status))
	}
	if want := []string{"id_card front checked", "id_card back missing", "id_card  missing", "bill  missing"}; !slices.Equal(got, want) || report.Passed || report.MRZ != nil {
		t.Errorf("%q", got)
	}
	back := given(Input{ID: "doc_2", Kind: "id_card", Side: "back", ContentType: "image/png", Head: picture(t, 700, 700), Properties: map[string]any{"mrz": specimenTD1}})
	bill := Input{ID: "doc_3", Kind: "bill", ContentType: "application/pdf", Head: []byte("%PDF-1.4\n")}
	if report := CheckCase([]Input{front, back, bill}, anna, required, now); !report.Passed || report.MRZ.Format != "TD1" {
		t.Errorf("%+v", report)
	}
}

func TestASecondTryTakesThePlaceOfTheFirst(t *testing.T) {
	never := Input{ID: "doc_0", Kind: "passport", Side: "front", ContentType: "image/png"}
	wrong := Input{ID: "doc_1", Kind: "passport", Side: "front", ContentType: "image/png", Head: []byte("<html>")}
	good := passport(t, specimenTD3)
	if report := CheckCase([]Input{never, wrong, good}, anna, nil, now); !report.Passed || len(report.Documents) != 1 {
		t.Errorf("%+v", report)
	}
	if report := CheckCase([]Input{good, wrong}, anna, nil, now); report.Passed || len(report.Documents) != 2 {
		t.Errorf("a later bad one is forgotten: %+v", report)
	}
}

func TestAnUnreadableZoneIsAFindingAndNoZone(t *testing.T) {
	for code, zone := range map[string]string{"mrz_length": "P<UTO", "mrz_characters": "P<UTÖ", "mrz_too_long": strings.Repeat("<", 2000)} {
		report := CheckCase([]Input{passport(t, zone)}, anna, nil, now)
		if report.Passed || report.MRZ != nil || !slices.Equal(codes(report), []string{code}) {
			t.Errorf("%s: %v", code, codes(report))
		}
	}
	report := CheckCase([]Input{passport(t, strings.Replace(specimenTD3, "L898902C", "L898902D", 1))}, anna, nil, now)
	if report.Passed || report.MRZ == nil || report.MRZ.Valid {
		t.Errorf("a forged number passes: %+v", report)
	}
}
