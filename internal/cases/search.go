package cases

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"unicode"

	texts "ballerine/internal/text"
)

// A case is searched by words of it: its ids, the subject's names, addresses, the numbers of its documents. What an
// index holds of them are keyed hashes of their beginnings of some lengths (of short words, the whole), so that it holds
// no personal data. What it finds is checked against the case's own words.

// beginnings are the lengths, in letters, of the beginnings that are found besides whole words.
var beginnings = []int{3, 4, 5, 6, 8, 12}

// maxTerms bounds the sum of a case's terms and traits: each of them is an index entry of its own.
const maxTerms = 48

// searched are the names of context fields whose text people look cases up by.
var searched = []string{
	"name", "given", "family", "given_name", "family_name", "first_name", "last_name", "email", "phone", "company", "company_name", "legal_name", "trade_name",
	"registration_number", "document_number", "number",
}

// maxWord bounds a word that is indexed, in bytes; what is longer is cut.
const maxWord = 64

// words splits a text into what is looked up on its own. Addresses and ids stay whole.
func words(text string) []string {
	folded := strings.FieldsFunc(texts.Plain(text), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(",;:/()\"'’`<>", r)
	})
	out := folded[:0]
	for _, word := range folded {
		if word = strings.Trim(word, ".-_@+"); word != "" {
			out = append(out, texts.Cut(word, maxWord))
		}
	}
	return out
}

// searchWords are the words that a case is found by.
func searchWords(r Record, skip []string) []string {
	found := []string{strings.ToLower(r.ID)}
	add := func(text string) {
		for _, word := range words(text) {
			found = append(found, word)
			if local, _, ok := strings.Cut(word, "@"); ok && local != "" {
				found = append(found, local)
			}
			for _, part := range strings.Split(word, "-") { // the halves of a double name
				if part != word && part != "" {
					found = append(found, part)
				}
			}
		}
	}
	add(r.ExternalID)
	add(r.Subject.ExternalID)
	add(r.Subject.Name)
	for name, value := range r.Context {
		if !slices.Contains(skip, name) {
			walkSearched(name, value, 0, add)
		}
	}
	for _, doc := range r.Documents {
		walkSearched("", doc.Properties, 0, add)
		for _, zone := range doc.Zones() {
			add(zone.DocumentNumber)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func walkSearched(name string, value any, depth int, add func(string)) {
	switch v := value.(type) {
	case string:
		if slices.Contains(searched, name) && len(v) <= 1000 {
			add(v)
		}
	case map[string]any:
		if depth < 8 {
			for key, inner := range v {
				walkSearched(key, inner, depth+1, add)
			}
		}
	case []any:
		for _, inner := range v[:min(len(v), 50)] {
			if depth < 8 {
				walkSearched(name, inner, depth+1, add)
			}
		}
	}
}

// term is the keyed hash of a word, or of the beginning of one.
func term(key []byte, tenant, word string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(tenant + "\x00" + word))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:9])
}

// longest is the longest beginning of a word that is indexed, or the word itself: what a whole word is looked up by.
func longest(word string) string {
	start := word
	if strings.HasPrefix(word, "case_") {
		return start
	}
	letters := []rune(word)
	for _, n := range beginnings {
		if n <= len(letters) {
			start = string(letters[:n])
		}
	}
	return start
}

// terms are the hashes that a case is indexed by, sorted. When there are more than most, whole words come first, so that each
// is found, and then short beginnings.
func terms(key []byte, tenant string, words []string, most int) []string {
	seen := map[string]bool{}
	var all []string
	add := func(word string) {
		if !seen[word] {
			seen[word] = true
			all = append(all, word)
		}
	}
	for _, word := range words {
		add(longest(word))
	}
	for _, n := range beginnings {
		for _, word := range words {
			if letters := []rune(word); n < len(letters) && !strings.HasPrefix(word, "case_") {
				add(string(letters[:n]))
			}
		}
	}
	hashes := make([]string, 0, min(len(all), most))
	for _, word := range all[:min(len(all), most)] {
		hashes = append(hashes, term(key, tenant, word))
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// externalTerm is the hash of a case's external id as a whole, letter by letter.
func externalTerm(key []byte, tenant, externalID string) string {
	return term(key, tenant, "external id\x00"+externalID)
}

// lookUp are the hashes that a case must have to match a text: of each word its longest beginning that is indexed, of
// short words and case ids the whole.
func lookUp(key []byte, tenant, text string) []string {
	var hashes []string
	for _, word := range words(text) {
		hashes = append(hashes, term(key, tenant, longest(word)))
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// mentions reports whether every word of a text is a word of the case, or the beginning of one.
func (r Record) mentions(text string) bool {
	known := searchWords(r, nil)
	for _, word := range words(text) {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, word) }) {
			return false
		}
	}
	return true
}
