package connector

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
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
	maxExchanged = maxAnswer + maxAnswer/4 // bytes of all bodies together
	maxHeaders   = 64                      // of one request or answer
	maxHeader    = 4 << 10                 // bytes of a value
	maxUnread    = 64 << 10                // bytes that are kept of an answer that is too large to be read

	shortestToken = 16 // bytes of what is a credential in an address: shorter ends of it occur elsewhere
)

// errUnread marks an answer whose body nobody reads.
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
	Text   string `json:"text,omitempty"`
	Base64 string `json:"base64,omitempty"` // of what is no text
	Bytes  int    `json:"bytes"`
	Cut    bool   `json:"cut,omitempty"`
}

// exchanges are the calls of one attempt, as they may be written down. They are safe for concurrent use.
type exchanges struct {
	mutex sync.Mutex
	calls []exchange
	left  int // bytes that bodies may still have
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
	hidden := hidingCallback(r)
	asked := r.shown.traffic(p, hidden)
	one := exchange{
		Step: at.step, Element: at.element, Page: at.page, At: begun.UTC(), Duration: c.now().Sub(begun),
		Request: &exchangeRequest{Method: asked.Method, URL: asked.URL, Headers: writtenHeaders(asked.Headers)},
	}
	if err != nil {
		one.Error = string(problem.CodeOf(err))
		log.add(one, asked.Body, "")
		return
	}
	status, header, body := a.disclosed(p, r, hidden)
	one.Answer = &exchangeAnswer{Status: status, Headers: writtenHeaders(joined(header))}
	if a.readErr != nil {
		one.Error = string(problem.CodeOf(failed(within, p.ID, a.readErr)))
	}
	log.add(one, asked.Body, body)
}

// add gives a call its bodies, as much of them as there is room for.
func (l *exchanges) add(one exchange, sent, received string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if one.Request != nil {
		one.Request.Body = l.body(sent)
	}
	if one.Answer != nil {
		one.Answer.Body = l.body(received)
	}
	l.calls = append(l.calls, one)
}

func (l *exchanges) body(content string) *exchangeBody {
	if content == "" {
		return nil
	}
	b := &exchangeBody{Bytes: len(content)}
	if kept := min(len(content), l.left); kept < len(content) {
		for kept > 0 && utf8.ValidString(content) && !utf8.RuneStart(content[kept]) {
			kept--
		}
		content, b.Cut = content[:kept], true
	}
	l.left -= len(content)
	if utf8.ValidString(content) && !strings.ContainsFunc(content, unprintable) {
		b.Text = content
	} else {
		b.Base64 = base64.StdEncoding.EncodeToString([]byte(content))
	}
	return b
}

func unprintable(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }

// content is what is kept; nil: nothing was sent.
func (l *exchanges) content(plugin string) []byte {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.calls) == 0 {
		return nil
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
func (a answer) disclosed(p *Plugin, r *prepared, by *strings.Replacer) (int, http.Header, string) {
	if len(a.body) > maxAnswer { // its rest was not read, and a secret may be in two
		a.secrets = r.everySecret(a.secrets)
		shown := redactor(a.secrets).Replace(string(a.body))
		header := http.Header(shownHeaders(a.header, redactor(a.secrets)))
		return a.status, header, by.Replace(shown[:min(len(shown), maxUnread)])
	}
	if p.answer.format == noFormat { // nobody reads the body; who asks may want to see it
		a.readErr = errUnread
	}
	got := a.recorded(p, r, by)
	return got.Status, got.Headers, string(got.Body)
}

// shownHeaders are headers without secrets and cookies.
func shownHeaders(header http.Header, by *strings.Replacer) map[string][]string {
	shown := map[string][]string{}
	for name, values := range header {
		if name == "Set-Cookie" {
			continue
		}
		for _, value := range values {
			shown[name] = append(shown[name], by.Replace(value))
		}
	}
	return shown
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

// hidingCallback hides the address at which the vendor calls back: whoever has it may send callbacks.
func hidingCallback(r *prepared) *strings.Replacer {
	address, _ := r.scope["callback_url"].(string)
	if address == "" {
		return strings.NewReplacer()
	}
	token := address[strings.LastIndex(address, "/")+1:]
	pairs := []string{address, "{callback_url}", url.QueryEscape(address), "{callback_url escaped}"}
	if len(token) >= shortestToken {
		pairs = append(pairs, token, "{callback token}")
	}
	for _, text := range []string{address, token} {
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			if len(text) >= shortestToken {
				pairs = append(pairs, encoding.EncodeToString([]byte(text)), "{callback_url encoded}")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// Exchanged is what a callback was, as it may be written down: without signature, credentials and secrets. See Outcome.Exchanged.
func (r *Received) Exchanged(at time.Time) []byte {
	log := &exchanges{left: maxExchanged}
	by := redactor(r.secrets)
	header := r.header.Clone()
	for _, name := range []string{"Authorization", "Cookie", r.plugin.callback.verifier.SignatureHeader} {
		header.Del(name)
	}
	log.add(exchange{At: at.UTC(), Answer: &exchangeAnswer{Headers: writtenHeaders(joined(shownHeaders(header, by)))}}, "", withoutSecrets(r.content, r.secrets))
	return log.content(r.plugin.ID)
}

// withoutSecrets is a text without secrets, however JSON writes them.
func withoutSecrets(content []byte, secrets []string) string {
	var value any
	if len(secrets) > 0 && json.Unmarshal(content, &value) == nil {
		before, _ := json.Marshal(value) // was read from JSON
		if after, err := json.Marshal(redacted(value, secrets)); err == nil && !bytes.Equal(before, after) {
			return string(after)
		}
	}
	return redactor(secrets).Replace(string(content))
}
