package cases

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"unicode"

	"ballerine/internal/country"
	"ballerine/internal/expr"
	texts "ballerine/internal/text"
	"ballerine/internal/workflow"
)

// What indicates that two cases are about the same person: an e-mail address, a telephone number, the number of a
// document, a device, a hash of a face. A record stores a keyed hash of each, and an index finds the other cases that
// have it. The workflow's schemas declare the fields that hold one with `identifies`; where they do not, some names do.

// Trait is a hash by which a case is found from other cases of the same person.
type Trait struct {
	Kind    string `json:"kind"` // one of the kinds that schemas know
	Hash    string `json:"hash"`
	Country string `json:"country,omitempty"` // of a document, in three letters; "": not known
	Subject bool   `json:"subject,omitempty"` // it is known of the subject, not from the case
}

// maxTraits bounds a case's traits of one kind: every one is an index entry of its own. Each kind has its own bound, so that many of one
// displace none of another.
const maxTraits = 4

// identifier is what a trait is the hash of.
type identifier struct {
	kind    string
	value   string // without what two ways of writing differ by
	country string
	shown   string // as it was written
}

// identifying are names of fields that hold an identifier where no schema declares one.
var identifying = map[string]string{
	"email": "email", "e_mail": "email", "email_address": "email",
	"phone": "phone", "phone_number": "phone", "mobile": "phone", "mobile_phone": "phone", "telephone": "phone",
	"document_number": "document_number", "passport_number": "document_number", "id_card_number": "document_number",
	"device_id": "device", "device_fingerprint": "device",
	"face_hash": "face",
}

// ofDocuments are more such names, in what is declared with a document.
var ofDocuments = map[string]string{"number": "document_number"}

// issuers are names of fields that contain the country of a document or telephone number.
var issuers = []string{"issuing_country", "issuing_state", "issuer_country", "country", "nationality"}

// identifiersOf are a record's identifiers, each once, in the order in which they are kept when there are too many.
func identifiersOf(r Record, wf *workflow.Workflow) []identifier {
	var found gathered
	documents := identifyingDocuments(r)
	for _, doc := range documents {
		for _, zone := range doc.Zones() {
			found.add(identifier{kind: "document_number", value: documentNumber(zone.DocumentNumber), country: country.Three(zone.IssuingState), shown: zone.DocumentNumber})
		}
	}
	callers := maps.Clone(r.Context)
	for _, name := range wf.Owned() {
		delete(callers, name) // what work has written adds nothing to what the applicant has entered
	}
	found.walk(callers, expr.NewShape(wf.Schema).Root(), "", identifying, 0)
	for _, doc := range documents {
		names := maps.Clone(identifying)
		maps.Copy(names, ofDocuments)
		found.walk(doc.Properties, wf.Properties(doc.Kind).Root(), "", names, 0)
	}
	return found.identifiers
}

// identifyingDocuments are those that a case is found by: their bytes are there and are what was announced. Approved ones come first, then the
// newest, so that none is displaced by what an applicant announces beside it or had sent before.
func identifyingDocuments(r Record) []Document {
	found := slices.DeleteFunc(slices.Clone(r.Documents), func(doc Document) bool {
		return doc.Status == DocumentAwaitingUpload || doc.Status == DocumentRefused
	})
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b Document) int {
		if approved := a.Status == DocumentApproved; approved != (b.Status == DocumentApproved) {
			if approved {
				return -1
			}
			return 1
		}
		return b.CreatedAt.Compare(a.CreatedAt)
	})
	return found
}

// atBound reports whether there are as many traits of a kind as a case is found by.
func atBound[T any](of []T, kind string, kindOf func(T) string) bool {
	number := 0
	for _, one := range of {
		if kindOf(one) == kind {
			number++
		}
	}
	return number >= maxTraits
}

// gathered are the identifiers that were found.
type gathered struct{ identifiers []identifier }

// add takes an identifier; of two with the same number, the one whose country is known.
func (g *gathered) add(one identifier) {
	if one.value == "" {
		return
	}
	for i, known := range g.identifiers {
		if known.kind == one.kind && known.value == one.value && (known.country == one.country || known.country == "" || one.country == "") {
			g.identifiers[i].country = cmp.Or(known.country, one.country)
			return
		}
	}
	if !atBound(g.identifiers, one.kind, func(i identifier) string { return i.kind }) {
		g.identifiers = append(g.identifiers, one)
	}
}

// walk walks a value along with its schema. from is the country of what is around it.
func (g *gathered) walk(value any, at expr.Place, from string, names map[string]string, depth int) {
	if depth > 8 {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		from = cmp.Or(countryIn(v), from)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			below := at.Into(name)
			if text, ok := v[name].(string); ok {
				g.text(text, cmp.Or(below.Text("identifies"), names[name]), from, countryIn(v))
				continue
			}
			g.walk(v[name], below, from, names, depth+1)
		}
	case []any:
		for _, element := range v[:min(len(v), 50)] {
			if text, ok := element.(string); ok {
				g.text(text, at.Into("[]").Text("identifies"), from, "")
				continue
			}
			g.walk(element, at.Into("[]"), from, names, depth+1)
		}
	}
}

// text takes a field that holds an identifier of a kind. from is where the person is, issuer the issuer of the document.
func (g *gathered) text(text, kind, from, issuer string) {
	if len(text) > 500 {
		return
	}
	one := identifier{kind: kind, shown: text}
	switch kind {
	case "email":
		one.value = emailAddress(text)
	case "phone":
		one.value = phoneNumber(text, from)
	case "document_number":
		one.value, one.country = documentNumber(text), country.Three(issuer)
	case "device", "face":
		one.value = strings.TrimSpace(text)
	}
	g.add(one)
}

// countryIn is the country that an object names.
func countryIn(object map[string]any) string {
	for _, name := range issuers {
		if code, ok := object[name].(string); ok && (len(code) == 2 || len(code) == 3) {
			return strings.ToUpper(code)
		}
	}
	return ""
}

// emailAddress is an address whatever its case; "" when it is none.
func emailAddress(text string) string {
	folded := texts.Fold(strings.TrimSpace(text))
	if local, domain, ok := strings.Cut(folded, "@"); !ok || local == "" || domain == "" {
		return ""
	}
	return folded
}

// shortestPhone is how many digits a number has at least; with fewer it is an extension, or a placeholder.
const shortestPhone = 7

// phoneNumber is a number with its country's code, as E.164 has it, where the number or the country determines it; otherwise its digits.
func phoneNumber(text, from string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "(0)", "")
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	if len(digits) < shortestPhone || len(digits) > 18 {
		return ""
	}
	if strings.HasPrefix(text, "+") {
		return "+" + digits
	}
	if abroad, ok := strings.CutPrefix(digits, "00"); ok {
		return "+" + abroad
	}
	if known, ok := country.Of(from); ok {
		return "+" + known.Code + strings.TrimPrefix(digits, known.Trunk)
	}
	return digits
}

// shortestDocument is how many letters and digits a document's number has at least.
const shortestDocument = 5

// documentNumber is a number without what stands between its parts.
func documentNumber(text string) string {
	number := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, text)
	if len(number) < shortestDocument {
		return ""
	}
	return number
}

// hasher makes a tenant's hashes. Its key is derived from the search's, so that no hash of a tenant is one of another's.
type hasher struct{ key []byte }

func newHasher(key []byte, tenant string) hasher {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("traits/1\x00" + tenant))
	return hasher{mac.Sum(nil)}
}

func (l hasher) trait(one identifier) Trait {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(one.kind + "\x00" + one.value))
	return Trait{Kind: one.kind, Hash: base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12]), Country: one.country}
}

// traits are what a change leaves of a case's traits: those of its own data, and of what is known of its subject.
func (l hasher) traits(d *draft) []Trait {
	var found []Trait
	has := func(one Trait) bool { return slices.ContainsFunc(found, one.same) }
	for _, one := range identifiersOf(d.record, d.workflow) {
		found = append(found, l.trait(one))
	}
	var known []Trait
	if d.subject != nil {
		var of gathered
		of.walk(d.subject.Data, expr.Place{}, "", identifying, 0)
		for _, one := range of.identifiers {
			known = append(known, l.trait(one))
		}
	} else {
		known = slices.DeleteFunc(slices.Clone(d.record.Traits), func(one Trait) bool { return !one.Subject })
	}
	for _, one := range known {
		if one.Subject = true; !has(one) && !atBound(found, one.Kind, func(t Trait) string { return t.Kind }) {
			found = append(found, one)
		}
	}
	return found
}

// same reports whether two traits are of the same person, as far as both state it: numbers of documents are assigned by countries.
func (l Trait) same(other Trait) bool {
	return l.Kind == other.Kind && l.Hash == other.Hash && (l.Country == other.Country || l.Country == "" || other.Country == "")
}

// Indexed are the hashes that a case is found by, sorted: of its words and of its traits.
func (r Record) Indexed() []string {
	if len(r.Traits) == 0 {
		return r.Terms
	}
	all := slices.Clone(r.Terms)
	for _, one := range r.Traits {
		all = append(all, one.Hash)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// LostTraits are the hashes of traits that a change removes: nothing must be found by them any longer.
func LostTraits(change Change) []string {
	var lost []string
	for _, one := range change.Before.Traits {
		if !slices.ContainsFunc(change.Next.Traits, func(next Trait) bool { return next.Hash == one.Hash }) {
			lost = append(lost, one.Hash)
		}
	}
	slices.Sort(lost)
	return slices.Compact(lost)
}
