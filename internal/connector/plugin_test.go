package connector

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"ballerine/internal/problem"
)

var update = flag.Bool("update", false, "write the golden files")

// minimal is a plugin to vary.
const minimal = `id: check
title: Check
request:
  method: POST
  url: "https://api.example.com/checks"
`

func parse(t *testing.T, text string) *Plugin {
	t.Helper()
	plugin, diagnostics := ParsePlugin("check.yaml", []byte(text))
	if diagnostics.Failed() {
		t.Fatalf("%v\n%s", diagnostics, text)
	}
	return plugin
}

func TestAPluginHasDefaults(t *testing.T) {
	p := parse(t, minimal)
	if p.ID != "check" || p.Title != "Check" || p.Callback || p.Timeout != 10*time.Second || p.Retry.Attempts != 4 || p.Retry.Interval != time.Second ||
		!slices.Equal(p.Retry.Errors, []string{"vendor_unavailable", "timeout"}) {
		t.Errorf("%+v", p)
	}
}

func TestDurationsAndRetriesAreRead(t *testing.T) {
	p := parse(t, minimal+"timeout: PT0.5S\nretry: {attempts: 0, interval: PT1M30S, rate: 1.5, max_interval: P1D, jitter: false, errors: [timeout]}\n")
	want := RetryPolicy{Attempts: 0, Interval: 90 * time.Second, Rate: 1.5, MaxInterval: 24 * time.Hour, Errors: []string{"timeout"}}
	if p.Timeout != 500*time.Millisecond || p.Retry.Interval != want.Interval || p.Retry.Rate != want.Rate || p.Retry.MaxInterval != want.MaxInterval || p.Retry.Jitter || p.Retry.Attempts != 0 {
		t.Errorf("%+v", p.Retry)
	}
}

// Every file of testdata/bad is a plugin with problems; the golden file beside it lists all of them.
func TestAllProblemsOfAPluginAreNamedWithTheirPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		plugin, diagnostics := ParsePlugin(filepath.Base(file), text)
		if plugin != nil || !diagnostics.Failed() {
			t.Errorf("%s compiles", file)
		}
		var got strings.Builder
		for _, d := range diagnostics {
			got.WriteString(d.String() + " [" + d.Path + " " + d.Code + "]\n")
			if d.Excerpt != "" {
				got.WriteString(d.Excerpt + "\n")
			}
		}
		golden := strings.TrimSuffix(file, ".yaml") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got.String() != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", file, got.String(), want)
		}
	}
}

// A value from a case must never choose whom we call.
func TestNothingOfACaseChoosesTheHost(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://api.example.com/{case.id}": true, "https://api.example.com?q={case.id}": true, "{vendor.base}/x/{case.id}": true, "{vendor.base}": true, "{vendor.base}?a={secret.KEY}": true,
		"https://{context.host}/x": false, "https://api.{context.host}/x": false, "https://api.example.com{context.rest}": false, "{context.url}/x": false, "{secret.URL}/x": false,
		"{vendor.base}{context.rest}": false, "{vendor.base}.evil.example/x": false, "{vendor.base}@evil.example/": false, "https://a.example/{vendor.base}": false,
		"ftp://a.example/": false, "https://user:pass@a.example/": false, "https://a.example/#x": false, "/relative": false,
	} {
		_, diagnostics := ParsePlugin("check.yaml", []byte(strings.Replace(minimal, "https://api.example.com/checks", url, 1)))
		if diagnostics.Failed() == ok {
			t.Errorf("%s: %v", url, diagnostics)
		}
	}
}

func TestAFolderOfPluginsIsLoadedWithAllItsProblems(t *testing.T) {
	registry, diagnostics := LoadAll(fstest.MapFS{
		"a.yaml": {Data: []byte(minimal)}, "b.json": {Data: []byte(`{"id":"other","title":"T","request":{"method":"GET","url":"https://a.example/"}}`)},
		"c.yaml": {Data: []byte(minimal)}, "d.yml": {Data: []byte("id: x\n")}, "notes.txt": {Data: []byte("no plugin")}, "sub/e.yaml": {Data: []byte("no plugin")},
	})
	if !slices.Equal(registry.IDs(), []string{"check", "other"}) {
		t.Errorf("%v", registry.IDs())
	}
	var got []string
	for _, d := range diagnostics {
		got = append(got, d.File+" "+d.Code)
	}
	if !slices.Equal(got, []string{"c.yaml duplicate", "d.yml required", "d.yml required"}) {
		t.Errorf("%v", diagnostics)
	}
	if _, ok := registry.Get("none"); ok {
		t.Error("an unknown plugin is found")
	}
	if _, err := registry.Plugin(t.Context(), "demo", "none"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("an unknown plugin: %v", err)
	}
	summary, ok := registry.Summaries()("check")
	if _, unknown := registry.Summaries()("none"); !ok || unknown || summary.ID != "check" || summary.Retry.Attempts != 4 || summary.Timeout != 10*time.Second {
		t.Errorf("%+v", summary)
	}
	if plugin, err := registry.Plugin(t.Context(), "demo", "check"); err != nil || plugin.ID != "check" {
		t.Errorf("%v", err)
	}
}

func FuzzParsePlugin(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("{\"id\": \"a\"}"))
	f.Add([]byte("a: &a [*a]\nb: {{{"))
	f.Add([]byte("? [x]\n: 1\n<<: {a: 1}"))
	if shipped, err := os.ReadFile("../../statemachines/plugins/identity-check.yaml"); err == nil {
		f.Add(shipped)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plugin, diagnostics := ParsePlugin("fuzz.yaml", text)
		if (plugin == nil) != diagnostics.Failed() {
			t.Error("neither a plugin nor a problem, or both")
		}
		for _, d := range diagnostics {
			if d.Code == "" || d.Message == "" || d.Code == "internal" {
				t.Errorf("%+v", d)
			}
		}
	})
}

func TestAnErrorOfEveryPluginIsAProblem(t *testing.T) {
	_, diagnostics := ParsePlugin("check.yaml", []byte("id: [\n"))
	if problem.CodeOf(diagnostics.Err()) != problem.Invalid || diagnostics[0].Line == 0 {
		t.Errorf("%+v", diagnostics)
	}
}

func TestAPluginReportsWhatItIsMadeFrom(t *testing.T) {
	for name, one := range map[string]struct{ more, want string }{
		"nothing of the case":         {"  body: {a: '1'}\n", "[] false false"},
		"placeholders":                {"  body: {a: '{context.applicant.name.given} {case.id}', b: '{context.country}'}\n", "[[applicant name given] [country]] false false"},
		"an expression as a body":     {"  body: '{n: context.applicant.name, w: input.list}'\n", "[[applicant name]] true false"},
		"documents":                   {"  body: {d: '{documents[0].id}'}\n", "[] false true"},
		"headers and what is kept":    {"  headers: {X-C: '{context.c}'}\nresponse:\n  result: {mine: '{context.mine}', theirs: '{body.theirs}'}\n", "[[c] [mine]] false false"},
		"the whole context":           {"  body: {a: '{context}'}\n", "everything"},
		"members that are named late": {"  body: {a: '{context.*.x}'}\n", "everything"},
		"the document itself":         {"  body: '@'\n", "everything"},
	} {
		t.Run(name, func(t *testing.T) {
			got := "everything"
			if reads := parse(t, minimal+one.more).Reads(); reads != nil {
				got = fmt.Sprint(reads.Context, reads.Input, reads.Documents)
			}
			if got != one.want {
				t.Errorf("%s, want %s", got, one.want)
			}
		})
	}
}
