package reference

import (
	"regexp"
	"strings"
	"testing"

	"ballerine/internal/apidoc"
	"ballerine/internal/httpapi"
)

func rendered(t *testing.T) (page string) {
	t.Helper()
	document, err := apidoc.JSON("https://risk.example.com")
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files(document)
	if err != nil {
		t.Fatal(err)
	}
	if string(files["openapi.json"]) != string(document) || len(files["docs.css"]) == 0 {
		t.Error("the document or the style sheet is missing")
	}
	return string(files["docs.html"])
}

func TestThePageHasEveryOperationAndEveryLinkLeadsSomewhere(t *testing.T) {
	page := rendered(t)
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range routes {
		if strings.Count(page, `<article id="`+route.Operation+`">`) != 1 || !strings.Contains(page, "<code>"+route.Path+"</code>") {
			t.Errorf("%s is not on the page", route.Operation)
		}
	}
	ids := map[string]bool{}
	for _, found := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[found[1]] || strings.Contains(found[1], " ") {
			t.Errorf("the id %q is there twice, or none", found[1])
		}
		ids[found[1]] = true
	}
	for _, found := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !ids[found[1]] {
			t.Errorf("a link to #%s leads nowhere", found[1])
		}
	}
	for _, part := range []string{"https://risk.example.com", `id="onCaseCompleted"`, `href="#schema-Case"`, `<small class="required">required</small>`, "not_found"} {
		if !strings.Contains(page, part) {
			t.Errorf("%s is missing", part)
		}
	}
}

func TestThePageNeedsNothingThatThePolicyForbids(t *testing.T) {
	page := rendered(t)
	for _, forbidden := range []string{"<script", "<style", "style=", " onclick", "javascript:", "//cdn", `src="`} {
		if strings.Contains(page, forbidden) {
			t.Errorf("it has %s", forbidden)
		}
	}
	for _, found := range regexp.MustCompile(`<link [^>]*href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(found[1], "/") || strings.HasPrefix(found[1], "//") {
			t.Errorf("%s is loaded from elsewhere", found[1])
		}
	}
}

func TestWhatTheDocumentContainsIsText(t *testing.T) {
	page, err := render([]byte(`{"info": {"title": "<b>", "description": "a <i>b</i> and ` + "`<u>`" + `, **bold**\n\nnext"},
		"components": {"schemas": {"X": {"type": "<em>", "enum": ["<q>"]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"<b>", "<i>", "<u>", "<em>", "<q>"} {
		if strings.Contains(string(page), tag) {
			t.Errorf("%s is taken for a tag", tag)
		}
	}
	if !strings.Contains(string(page), "<p>a &lt;i&gt;b&lt;/i&gt; and <code>&lt;u&gt;</code>, <strong>bold</strong></p><p>next</p>") {
		t.Error("paragraphs, code and bold text are not shown as such")
	}
	if _, err := render([]byte("[")); err == nil {
		t.Error("what is no document must be refused")
	}
}
