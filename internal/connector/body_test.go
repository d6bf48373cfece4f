package connector

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ballerine/internal/problem"
)

// shelf has documents by id.
type shelf map[string]string

func (s shelf) Content(_ context.Context, call Call, d Document) ([]byte, error) {
	if text, ok := s[call.Case+"/"+d.ID]; ok {
		return []byte(text), nil
	}
	return nil, problem.New(problem.NotFound, "There is no such object.")
}

func (s shelf) Link(ctx context.Context, call Call, d Document) (string, error) {
	if _, err := s.Content(ctx, call, d); err != nil {
		return "", err
	}
	return "https://files.example.com/" + d.ID + "?signature=" + rapid.StringMatching(`[a-z]{12}`).Example(), nil
}

var documented = func() Call {
	c := call
	c.Documents = []Document{
		{ID: "doc_1", Kind: "passport", Side: "front", ContentType: "image/jpeg", SHA256: strings.Repeat("0a", 32), Size: 7},
		{ID: "doc_2", Kind: "selfie", ContentType: "image/png", SHA256: strings.Repeat("0b", 32), Size: 3},
	}
	return c
}()

func (v *target) withDocuments() *Client {
	client := v.client()
	client.Files = shelf{"case_1/doc_1": "\xff\xd8jpeg\x00", "case_1/doc_2": "png"}
	return client
}

func TestBodiesAreWrittenInTheirFormat(t *testing.T) {
	for name, c := range map[string]struct{ request, contentType, body string }{
		"form":               {"  format: form\n  body: {a: \"{context.age}\", list: [x, \"{context.yes}\", \"{context.gone}\"], names: \"{context.list[].a}\", gone: \"{context.gone}\", t: \"a&b=c {context.age}\", \"m[k]\": \"{secret.KEY}\"}\n", "application/x-www-form-urlencoded", "a=51&list=x&list=true&m%5Bk%5D=s3cr3t+value&names=1&names=2&t=a%26b%3Dc+51"},
		"a form by a query":  {"  format: form\n  body: \"{a: context.age}\"\n", "application/x-www-form-urlencoded", "a=51"},
		"text":               {"  format: text\n  body: \"{context.age}; <{context.name}>; {secret.KEY}\"\n", "text/plain; charset=utf-8", "51; <Anna/b/?x=1&y>; s3cr3t value"},
		"XML":                {"  format: xml\n  body: \"<a b='{context.quote}'>{context.name}</a>\"\n", "application/xml; charset=utf-8", "<a b='&lt;&quot;&apos;&gt;&amp;'>Anna/b/?x=1&amp;y</a>"},
		"SOAP":               {"  format: xml\n  content_type: text/xml; charset=utf-8\n  headers: {SOAPAction: x}\n  body: <a/>\n", "text/xml; charset=utf-8", "<a/>"},
		"a vendor's JSON":    {"  content_type: application/vnd.api+json\n  body: {a: 1}\n", "application/vnd.api+json", `{"a":1}`},
		"JSON with a base64": {"  body: {d: {$document: \"{documents[?kind=='passport'] | [0].id}\"}, e: [{$document: doc_2, as: base64}], none: {$document: \"{documents[?kind=='deed'] | [0].id}\"}}\n", "application/json", `{"d":"/9hqcGVnAA==","e":["cG5n"]}`},
	} {
		v := newTarget(t)
		c2 := documented
		c2.Context = map[string]any{"age": 51, "yes": true, "list": call.Context["list"], "name": call.Context["name"], "quote": `<"'>&`}
		if _, err := v.withDocuments().Do(t.Context(), parse(t, base+"  method: POST\n"+c.request), c2); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(v.body) != c.body || v.request.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: %s\n%s\nwant\n%s", name, v.request.Header.Get("Content-Type"), v.body, c.body)
		}
	}
}

func TestParametersAreRepeated(t *testing.T) {
	v := newTarget(t)
	p := parse(t, strings.Replace(base, "/checks", "/checks?kept=1&name=old", 1)+"  method: GET\n  query: {name: [a, \"{context.age}\", \"{context.gone}\"], all: \"{context.list[].a}\", none: \"{context.gone}\", empty: []}\n")
	if _, err := v.client().Do(t.Context(), p, call); err != nil || v.request.URL.RawQuery != "all=1&all=2&kept=1&name=a&name=51" {
		t.Errorf("%v %s", err, v.request.URL.RawQuery)
	}
	p = parse(t, base+"  method: GET\n  query: {all: \"{context.list}\"}\n")
	if _, err := v.client().Do(t.Context(), p, call); problem.CodeOf(err) != problem.Invalid || problem.As(err).Fields[0].Location != "request.query" {
		t.Errorf("objects as parameters: %v", err)
	}
}

func TestDocumentsAreSentAsParts(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+`  method: POST
  format: multipart
  body:
    type: passport
    file: {$document: "{documents[0].id}", name: "{context.title}.jpg"}
    selfie: [{$document: "{documents[1].id}"}]
    encoded: {$document: doc_2, as: base64}
    age: "{context.age}"
    gone: {$document: "{documents[?kind=='deed'] | [0].id}"}
    none: "{context.gone}"
`)
	c := documented
	c.Context = map[string]any{"title": "a\"b\r\nc", "age": 51}
	keys := map[string]bool{}
	for range 2 {
		if _, err := v.withDocuments().Do(t.Context(), p, c); err != nil {
			t.Fatal(err)
		}
		keys[v.request.Header.Get("Idempotency-Key")] = true
	}
	if len(keys) != 1 {
		t.Errorf("%d keys for one request", len(keys))
	}
	_, params, err := mime.ParseMediaType(v.request.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for r := multipart.NewReader(strings.NewReader(string(v.body)), params["boundary"]); ; {
		part, err := r.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(part)
		got[part.FormName()] = part.FileName() + "|" + part.Header.Get("Content-Type") + "|" + string(content)
	}
	want := map[string]string{
		"type": "||passport", "file": "a\"b__c.jpg|image/jpeg|\xff\xd8jpeg\x00", "selfie": "doc_2|image/png|png", "encoded": "||cG5n", "age": "||51",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

// The link is another one for each attempt: the request is the same all the same.
func TestALinkToADocumentChangesNoKey(t *testing.T) {
	v := newTarget(t)
	p := parse(t, base+"  method: POST\n  body: {d: {$document: \"{documents[0].id}\", as: link}}\n")
	keys, links := map[string]bool{}, map[string]bool{}
	for range 5 {
		if _, err := v.withDocuments().Do(t.Context(), p, documented); err != nil {
			t.Fatal(err)
		}
		keys[v.request.Header.Get("Idempotency-Key")], links[string(v.body)] = true, true
	}
	other := documented
	other.Documents = []Document{{ID: "doc_1", SHA256: strings.Repeat("0c", 32)}}
	if _, err := v.withDocuments().Do(t.Context(), p, other); err != nil {
		t.Fatal(err)
	}
	keys[v.request.Header.Get("Idempotency-Key")] = true
	if len(keys) != 2 || len(links) != 5 {
		t.Errorf("%d keys, %d links", len(keys), len(links))
	}
}

// A vendor is never sent a document of another case, whatever is in the context.
func TestOnlyDocumentsOfTheCaseAreSent(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		change func(*Client, *Call)
		code   problem.Code
		field  string
	}{
		"another's":   {"{d: {$document: \"{context.other}\"}}", func(*Client, *Call) {}, problem.Invalid, "request.body.d document"},
		"no id":       {"{d: {$document: \"{context.age}\"}}", func(*Client, *Call) {}, problem.Invalid, "request.body.d document"},
		"gone":        {"{d: {$document: doc_1}}", func(c *Client, _ *Call) { c.Files = shelf{} }, problem.Invalid, "request.body.d document"},
		"a gone link": {"{d: {$document: doc_1, as: link}}", func(c *Client, _ *Call) { c.Files = shelf{} }, problem.Invalid, "request.body.d document"},
		"too large": {"{d: {$document: doc_1}, e: {$document: doc_2}}", func(_ *Client, c *Call) {
			c.Documents = []Document{{ID: "doc_1", Size: maxAttached - 1}, {ID: "doc_2", Size: 2}}
		}, problem.Invalid, "request.body.e too_large"},
		"no files": {"{d: {$document: doc_1}}", func(c *Client, _ *Call) { c.Files = nil }, problem.Internal, ""},
	} {
		v := newTarget(t)
		client, made := v.withDocuments(), documented
		made.Context = map[string]any{"other": "doc_9", "age": 51}
		c.change(client, &made)
		_, err := client.Do(t.Context(), parse(t, base+"  method: POST\n  body: "+c.body+"\n"), made)
		field := ""
		if fields := problem.As(err).Fields; len(fields) > 0 {
			field = fields[0].Location + " " + fields[0].Code
		}
		if problem.CodeOf(err) != c.code || field != c.field || v.calls != 0 {
			t.Errorf("%s: %v %s", name, err, field)
		}
	}
}

func TestAPreviewShowsDocumentsByTheirDigest(t *testing.T) {
	p := parse(t, base+"  method: POST\n  body: {d: {$document: \"{documents[0].id}\"}}\n")
	if shown, err := p.Preview(t.Context(), documented, nil); err != nil || !strings.Contains(string(shown.Body), "__base64.sha256."+strings.Repeat("0a", 32)+"__") {
		t.Errorf("%s %v", shown.Body, err)
	}
	p = parse(t, base+"  method: POST\n  format: form\n  body: {a: \"{secret.KEY}\"}\n")
	if shown, err := p.Preview(t.Context(), call, nil); err != nil || string(shown.Body) != `"a=__secret.KEY__"` {
		t.Errorf("%s %v", shown.Body, err)
	}
	reads := parse(t, base+"  method: POST\n  body: {d: {$document: \"{documents[0].id}\"}}\n").Reads()
	if reads == nil || !reads.Documents {
		t.Errorf("%+v", reads)
	}
}

func TestAnswersAreReadInTheirFormat(t *testing.T) {
	for name, c := range map[string]struct {
		response, kind, body string
		result               any
		field                string
	}{
		"text":            {"{format: text, result: {t: \"{body}\"}}", "text/csv", "a;b", map[string]any{"t": "a;b"}, ""},
		"XML as text":     {"{format: text}", "application/xml", "<a/>", "<a/>", ""},
		"a shaped text":   {"{format: text, schema: {pattern: '^OK'}}", "", "NO", nil, "response.body pattern"},
		"not UTF-8":       {"{format: text}", "text/plain", "\xff", nil, "response.body encoding"},
		"NUL":             {"{format: text}", "text/plain", "a\x00", nil, "response.body control"},
		"a long text":     {"{format: text}", "text/plain", strings.Repeat("a", maxAnswer+1), nil, "response.body too_large"},
		"nothing is read": {"{format: none, result: {s: \"{status}\"}}", "text/html", "<html>", map[string]any{"s": 200.0}, ""},
		"XML":             {"{}", "application/soap+xml", "<a/>", nil, "response.body content_type"},
		"headers":         {"{result: {rest: \"{headers.\\\"x-rate-limit-remaining\\\"}\", link: \"{headers.link}\", none: \"{headers.none}\"}}", "application/json", "{}", map[string]any{"rest": "7", "link": "a, b"}, ""},
		"a secret header": {"{result: {k: \"{headers.\\\"x-echo\\\"}\"}}", "application/json", "{}", map[string]any{"k": "Bearer [secret]"}, ""},
	} {
		v := newTarget(t)
		v.answer = func(w http.ResponseWriter, r *http.Request) {
			w.Header()["X-Rate-Limit-Remaining"], w.Header()["Link"] = []string{"7"}, []string{"a", "b"}
			w.Header().Set("X-Echo", r.Header.Get("Authorization"))
			w.Header()["Content-Type"] = []string{c.kind}
			_, _ = io.WriteString(w, c.body)
		}
		outcome, err := v.client().Do(t.Context(), parse(t, base+"  method: GET\n  headers: {Authorization: \"Bearer {secret.KEY}\"}\nresponse: "+c.response+"\n"), call)
		field := ""
		if fields := problem.As(err).Fields; len(fields) > 0 {
			field = fields[0].Location + " " + fields[0].Code
		}
		if field != c.field || !reflect.DeepEqual(outcome.Result, c.result) || c.field != "" && problem.CodeOf(err) != problem.VendorGarbage {
			t.Errorf("%s: %v %v", name, outcome.Result, err)
		}
	}
}

// Whatever a case holds, it arrives unchanged as a form, as a part and as XML, and opens no other parameter, part or element.
func TestAnyTextArrivesUnchangedInEveryFormat(t *testing.T) {
	v := newTarget(t)
	formed := parse(t, base+"  method: POST\n  format: form\n  body: {v: \"{context.v}\", w: \"<{context.v}>\"}\n")
	parted := parse(t, base+"  method: POST\n  format: multipart\n  body: {v: \"{context.v}\", w: \"<{context.v}>\"}\n")
	marked := parse(t, base+"  method: POST\n  format: xml\n  body: \"<r a=\\\"{context.v}\\\">{context.v}</r>\"\n")
	client := v.client()
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringN(1, 30, -1).Draw(r, "text")
		send := func(p *Plugin) {
			if _, err := client.Do(context.Background(), p, Call{Context: map[string]any{"v": text}}); err != nil {
				r.Fatal(err)
			}
		}
		send(formed)
		if got, err := url.ParseQuery(string(v.body)); err != nil || !reflect.DeepEqual(got, url.Values{"v": {text}, "w": {"<" + text + ">"}}) {
			r.Fatalf("form: %q %v", v.body, err)
		}
		send(parted)
		_, params, _ := mime.ParseMediaType(v.request.Header.Get("Content-Type"))
		got, err := multipart.NewReader(strings.NewReader(string(v.body)), params["boundary"]).ReadForm(1 << 20)
		if err != nil || !reflect.DeepEqual(got.Value, map[string][]string{"v": {text}, "w": {"<" + text + ">"}}) {
			r.Fatalf("multipart: %q %v", v.body, err)
		}
		send(marked)
		var read struct {
			A    string `xml:"a,attr"`
			Text string `xml:",chardata"`
		}
		plain := strings.Map(func(c rune) rune {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0xFFFE || c == 0xFFFF {
				return 0xFFFD
			}
			return c
		}, text)
		if err := xml.Unmarshal(v.body, &read); err != nil || read.Text != plain || read.A != plain {
			r.Fatalf("XML: %q %q %v", v.body, read, err)
		}
	})
}

func TestExamplesHaveTextsAndHeaders(t *testing.T) {
	p := parse(t, base+`  method: POST
  format: form
  body: {a: "{context.a}", d: {$document: "{documents[0].id}"}}
response: {format: text, result: {t: "{body}", h: "{headers.\"x-id\"}"}}
cases:
  - {name: good, context: {a: 1}, documents: [{id: doc_1, sha256: abc}], answer: {body: "a;b", headers: {X-Id: "7"}}, expect: {body: "a=1&d=__base64.sha256.abc__", result: {t: "a;b", h: "7"}}}
  - {name: bad, context: {a: 1}, documents: [{id: doc_1, sha256: abc}], answer: {body: "a;b"}, expect: {body: "a=2"}}
`)
	results := p.RunCases(t.Context())
	if !results[0].Passed || results[1].Passed {
		t.Errorf("%+v", results)
	}
}

func FuzzForm(f *testing.F) {
	f.Add([]byte(`{"a":["b",1,null,{"c":[]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var value any
		if json.Unmarshal(text, &value) != nil {
			return
		}
		var faults []fault
		written := formOf(value, &faults)
		if _, err := url.ParseQuery(written); err != nil {
			t.Errorf("%q: %v", written, err)
		}
		faults = nil
		content, contentType := parts(value, &faults)
		_, params, err := mime.ParseMediaType(contentType)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := multipart.NewReader(strings.NewReader(string(content)), params["boundary"]).ReadForm(1 << 20); err != nil && len(faults) == 0 && !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", base64.StdEncoding.EncodeToString(content), err)
		}
	})
}
