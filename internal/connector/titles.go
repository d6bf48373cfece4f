package connector

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Titles are what people call a result and what is in it: by path, then by language (ISO 639-1). "" is the result itself, "status" a field,
// and "hits[].list" a field of each item of a list. What has no title has no entry.
type Titles map[string]map[string]string

const (
	english       = "en"     // of a title without a language
	maxTitle      = 200      // characters
	maxTitles     = 16 << 10 // bytes of a plugin, as JSON: they are kept with each answer
	titlePlace    = "/title"
	titleKeywords = "/titles"
)

// titles reads all of a plugin.
func (s *source) titles(w written) (title string, titles Titles) {
	title, own := s.titled(w.Title)
	titles = Titles{}
	if len(own) > 0 {
		titles[""] = own
	}
	result, place := w.Result, "/result"
	if result == nil && w.Response.Result == nil && w.Shape == "" { // then the answer is the result
		result, place = w.Response.Schema, "/response/schema"
	}
	if w.Shape != "" {
		if schema, err := shapeOf(w.Shape); err == nil {
			s.fieldTitles("/shape", "", schema, titles)
		}
	}
	s.fieldTitles(place, "", result, titles)
	if len(titles) == 0 {
		return title, nil
	}
	if text, err := json.Marshal(titles); err != nil || len(text) > maxTitles {
		s.report(place, "too_large", "", "The titles have more than %d KB.", maxTitles>>10)
	}
	return title, titles
}

// titled reads the title of the document: one text, or one for each language with the English one among them.
func (s *source) titled(value any) (title string, titles map[string]string) {
	if text, single := value.(string); single {
		return text, nil
	}
	titles = s.byLanguage(titlePlace, value)
	if titles[english] == "" {
		s.report(titlePlace, "required", "add en: it is shown where there is no text in the reader's language", "The English title is missing.")
	}
	return titles[english], titles
}

// byLanguage reads texts by language.
func (s *source) byLanguage(pointer string, value any) map[string]string {
	written, ok := value.(map[string]any)
	if !ok {
		s.report(pointer, "type", "write {de: …, fr: …}", "This must be one text for each language.")
		return nil
	}
	texts := map[string]string{}
	for _, language := range slices.Sorted(maps.Keys(written)) {
		text, ok := written[language].(string)
		switch at := pointer + "/" + language; {
		case len(language) != 2 || strings.Trim(language, "abcdefghijklmnopqrstuvwxyz") != "":
			s.report(at, "unknown_language", "write two lower-case letters (ISO 639-1), such as en or de", "%s is not a language.", language)
		case !ok || text == "" || utf8.RuneCountInString(text) > maxTitle:
			s.report(at, "title", "", "A title is a text of 1 to %d characters.", maxTitle)
		default:
			texts[language] = text
		}
	}
	return texts
}

// fieldTitles reads the titles in the schema of a result: title is the English one, titles has the others.
func (s *source) fieldTitles(pointer, path string, node any, into Titles) {
	schema, ok := node.(map[string]any)
	if !ok {
		return
	}
	texts := map[string]string{}
	if title, ok := schema["title"].(string); ok && title != "" {
		texts[english] = title
	}
	if others, there := schema["titles"]; there {
		maps.Copy(texts, s.byLanguage(pointer+titleKeywords, others))
	}
	if len(texts) > 0 && path != "" {
		into[path] = texts
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, inner := range properties {
		s.fieldTitles(pointer+"/properties/"+escape(name), strings.TrimPrefix(path+"."+name, "."), inner, into)
	}
	if items, there := schema["items"]; there {
		s.fieldTitles(pointer+"/items", path+"[]", items, into)
	}
}
