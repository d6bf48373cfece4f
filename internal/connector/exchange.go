package connector

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"ballerine/internal/problem"
)

// Bounds of what is kept of an attempt's requests and answers. Written as JSON in JSON, the largest still fits into one answer of a function.
const (
	maxExchanged = maxAnswer + maxAnswer/4 // bytes of all addresses, headers and bodies in total
	maxHeaders   = 64                      // of one request or answer
	maxHeader    = 4 << 10                 // bytes of a value
	aroundHeader = 24                      // bytes of JSON that a header has besides
	maxUnread    = 64 << 10                // bytes that are kept of an answer that is too large to be read

	shortestToken = 16 // bytes of what is a credential in an address: shorter ends of it occur elsewhere
)

// errUnread marks an answer whose body is not read.
var errUnread = errors.New("the body is not read")

// exchange is what one call was: cases.Exchange reads it.
type exchange struct {
	Step     string           `json:"step,omitempty"`
	Element  int              `json:"element,omitempty"`
	Page     int              `json:"page,omitempty"`
	At       time.Time        `json:"at"`
	Duration time.Duration    `json:"duration"`
	Request  *exchangeRequest `json:"request,omitempty"`
	Answer   *exchangeAnswer  `json:"answer,omitempty"`
	Error    string           `json:"error,omitempty"`
}

type exchangeRequest struct {
	Method  string           `json:"method"`
	URL     string           `json:"url"`
	Headers []exchangeHeader `json:"headers,omitempty"`
	Body    *exchangeBody    `json:"body,omitempty"`
}

type exchangeAnswer struct {
	Status  int              `json:"status,omitempty"`
	Headers []exchangeHeader `json:"headers,omitempty"`
	Body    *exchangeBody    `json:"body,omitempty"`
}

type exchangeHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type exchangeBody struct {
	Text  string `json:"text,omitempty"`
	Bytes int    `json:"bytes"`
	Cut   bool   `json:"cut,omitempty"`
}

// exchanges are the calls of one attempt, as they may be written down. They are safe for concurrent use.
type exchanges struct {
	mutex sync.Mutex
	calls []exchange
	left  int // bytes that addresses, headers and bodies may still have
	known *confidential
	first *hider   // what was known at the first call
	ends  []func() // what is done when the attempt ends, in this order
}

// exchangesKey are the exchanges of an attempt, in its context; placeKey which of its calls one is.
type (
	exchangesKey struct{}
	placeKey     struct{}
)

// noted notes a call that was made for an attempt whose exchanges are kept.
func (c *Client) noted(within context.Context, p *Plugin, r *prepared, begun time.Time, a answer, err error) {
	log, _ := within.Value(exchangesKey{}).(*exchanges)
	if log == nil {
		return
	}
	at, _ := within.Value(placeKey{}).(place)
	besides := replacers{r.known.withoutDocuments, withoutLinks}.Replace
	asked := r.shown.traffic(p, replacers{r.known.hiding().Replace, besides}.Replace)
	for _, name := range credentialHeaders {
		if _, there := asked.Headers[name]; there {
			asked.Headers[name] = redaction
		}
	}
	one := exchange{
		Step: at.step, Element: at.element, Page: at.page, At: begun.UTC(), Duration: c.now().Sub(begun),
		Request: &exchangeRequest{Method: asked.Method, URL: asked.URL, Headers: writtenHeaders(asked.Headers)},
	}
	sent := sized{asked.Body, len(asked.Body)}
	if !isText(nil, []byte(asked.Body)) {
		sent.text = leftOut(asked.Body)
	}
	if err != nil {
		one.Error = string(problem.CodeOf(err))
		log.add(one, sent, sized{})
		return
	}
	status, header, body := a.disclosed(p, besides)
	one.Answer = &exchangeAnswer{Status: status, Headers: writtenHeaders(joined(header))}
	if a.readErr != nil {
		one.Error = string(problem.CodeOf(failed(within, p.ID, a.readErr)))
	}
	log.add(one, sent, body)
}

// sized is a body as it may be written down, and its bytes.
type sized struct {
	text  string
	bytes int
}

// add adds a call with its headers and bodies, as much of them as fits.
func (l *exchanges) add(one exchange, sent, received sized) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if one.Request != nil {
		one.Request.URL = l.part(one.Request.URL)
		one.Request.Headers, one.Request.Body = l.headers(one.Request.Headers), l.body(sent)
	}
	if one.Answer != nil {
		one.Answer.Headers, one.Answer.Body = l.headers(one.Answer.Headers), l.body(received)
	}
	l.calls = append(l.calls, one)
	if l.first == nil {
		l.first = l.known.hiding()
	}
}

// atEnd does something once everything has become known: when the attempt ends, or now where there is none.
func (l *exchanges) atEnd(do func()) {
	if l == nil {
		do()
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.ends = append(l.ends, do)
}

// end does it.
func (l *exchanges) end() {
	for _, do := range l.ends {
		do()
	}
}

// late reports whether something has become known after the first call: it may be in what that was answered.
func (l *exchanges) late() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.first != nil && l.first != l.known.hiding()
}

// again hides in all calls what is known in the end.
func (l *exchanges) again() {
	hide := l.known.hiding()
	for i := range l.calls {
		one := &l.calls[i]
		if one.Request != nil {
			one.Request.URL = hide.Replace(one.Request.URL)
			hide.part(one.Request.Headers, one.Request.Body)
		}
		if one.Answer != nil {
			hide.part(one.Answer.Headers, one.Answer.Body)
		}
	}
}

func (h *hider) part(headers []exchangeHeader, body *exchangeBody) {
	for i := range headers {
		headers[i] = exchangeHeader{h.name(headers[i].Name), h.Replace(headers[i].Value)}
	}
	switch {
	case body == nil:
	case body.Cut:
		body.Text = h.cutOff(body.Text)
	default:
		body.Text = h.Replace(body.Text)
	}
}

// headers are those that fit.
func (l *exchanges) headers(all []exchangeHeader) []exchangeHeader {
	for i, one := range all {
		size := len(one.Name) + len(one.Value) + aroundHeader
		if l.left < size {
			return all[:i]
		}
		l.left -= size
	}
	return all
}

func (l *exchanges) body(content sized) *exchangeBody {
	if content.text == "" {
		return nil
	}
	text := l.part(content.text)
	return &exchangeBody{Text: text, Bytes: content.bytes, Cut: len(text) < len(content.text)}
}

// part is as much of a text as fits, in whole characters.
func (l *exchanges) part(text string) string {
	kept := min(len(text), l.left)
	for kept > 0 && kept < len(text) && !utf8.RuneStart(text[kept]) {
		kept--
	}
	l.left -= kept
	return text[:kept]
}

func unprintable(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }

// content is what is kept; nil: nothing was sent.
func (l *exchanges) content(plugin string) []byte {
	late := l.late()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.calls) == 0 {
		return nil
	}
	if late {
		l.again()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(struct {
		Plugin string     `json:"plugin"`
		Calls  []exchange `json:"calls"`
	}{plugin, l.calls}); err != nil {
		return nil // it is made of texts and numbers
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// disclosed is the answer as it may be shown: in its own words where it repeats no secret, also where it cannot be read.
func (a answer) disclosed(p *Plugin, besides func(string) string) (int, http.Header, sized) {
	whole := len(a.body) <= maxAnswer
	header := shownHeaders(a.header, a.hide)
	if whole && a.readErr == nil && !isText(a.header, a.body) || !whole && !isText(a.header, bytes.ToValidUTF8(a.body[:maxUnread], nil)) {
		return a.status, replacedHeaders(header, besides), sized{leftOut(string(a.body)), len(a.body)}
	}
	if !whole { // its rest was not read, and a secret may be in two
		shown := besides(a.hide.cutOff(strings.ToValidUTF8(string(a.body[:maxUnread]), "\uFFFD")))
		return a.status, replacedHeaders(header, besides), sized{shown, len(a.body)}
	}
	if p.answer.format == noFormat && a.readErr == nil { // the body is not used, but people may want to see it
		a.readErr = errUnread
	}
	got := a.recorded(p, besides)
	body := string(got.Body)
	return got.Status, got.Headers, sized{strings.TrimPrefix(body, noText), len(body)}
}

// shownHeaders are headers without secrets and cookies.
func shownHeaders(header http.Header, by *hider) http.Header {
	shown := http.Header{}
	for name, values := range header {
		if name == "Set-Cookie" || name == "Set-Cookie2" {
			continue
		}
		name = by.name(name)
		for _, value := range values {
			shown[name] = append(shown[name], by.whole(value))
		}
	}
	return shown
}

// replacedHeaders are headers in whose values something is replaced.
func replacedHeaders(header http.Header, by func(string) string) http.Header {
	after := http.Header{}
	for name, values := range header {
		for _, value := range values {
			after[name] = append(after[name], by(value))
		}
	}
	return after
}

func joined(header http.Header) map[string]string {
	all := map[string]string{}
	for name, values := range header {
		all[name] = strings.Join(values, ", ")
	}
	return all
}

// writtenHeaders are headers in the order of their names.
func writtenHeaders(header map[string]string) []exchangeHeader {
	var written []exchangeHeader
	for name, value := range header {
		if len(value) > maxHeader {
			value = value[:maxHeader]
		}
		written = append(written, exchangeHeader{name, strings.ToValidUTF8(value, "\uFFFD")})
	}
	slices.SortFunc(written, func(a, b exchangeHeader) int { return strings.Compare(a.Name, b.Name) })
	return written[:min(len(written), maxHeaders)]
}

// Exchanged is the contents of a callback, as they may be stored: without signature, credentials and secrets, and without the token of the address to
// which it came. See Outcome.Exchanged.
func (r *Received) Exchanged(at time.Time) []byte {
	log, hide := &exchanges{left: maxExchanged}, r.known.hiding()
	header := r.header.Clone()
	for _, name := range append([]string{r.plugin.callback.verifier.SignatureHeader}, credentialHeaders...) {
		header.Del(name)
	}
	body := leftOut(string(r.content))
	if isText(r.header, r.content) {
		body = withoutLinks(hide.written(r.content))
	}
	log.add(exchange{At: at.UTC(), Answer: &exchangeAnswer{Headers: writtenHeaders(joined(replacedHeaders(shownHeaders(header, hide), withoutLinks)))}}, sized{}, sized{body, len(r.content)})
	return log.content(r.plugin.ID)
}

// written is a text without what is hidden, also where it is JSON that has a secret as a number or as a whole value.
func (h *hider) written(content []byte) string {
	var value any
	if json.Unmarshal(content, &value) == nil {
		value, changed := replaced(value, h.whole)
		if after, err := json.Marshal(value); changed && err == nil {
			return string(after)
		}
	}
	return h.whole(string(content))
}

// isText reports whether a secret would be found in a body: it is text, and not written in a way that has not been undone.
func isText(header http.Header, content []byte) bool {
	if !utf8.Valid(content) || bytes.ContainsFunc(content, unprintable) {
		return false
	}
	coding := header.Get("Content-Encoding")
	return coding == "" || strings.EqualFold(coding, "identity") || json.Valid(content)
}
