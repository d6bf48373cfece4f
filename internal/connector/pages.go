package connector

import (
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// Limits of pages.
const (
	defaultPages = 10
	maxPaged     = 4 << 20 // bytes of all pages after which no more are requested
)

// pages is how an answer continues on further pages.
type pages struct {
	items     *query
	total     *query // nil: the vendor does not state how many there are
	until     *query // of page and offset; nil: until a page is empty
	way       string // linkWay, cursorWay, pageWay or offsetWay
	next      *query // of linkWay, where nil is the header Link, and cursorWay
	parameter string
	first     int
	most      int
}

// Ways in which a vendor names the next page.
const (
	linkWay   = "link"
	cursorWay = "cursor"
	pageWay   = "page"
	offsetWay = "offset"
)

type writtenPages struct {
	Items string `json:"items"`
	Total string `json:"total"`
	Until string `json:"until"`
	Most  *int   `json:"most"`

	Next writtenNext `json:"next"`
}

type writtenNext struct {
	Link *struct {
		From string `json:"from"`
	} `json:"link"`
	Cursor *struct {
		From      string `json:"from"`
		Parameter string `json:"parameter"`
	} `json:"cursor"`
	Page   *writtenTurn `json:"page"`
	Offset *writtenTurn `json:"offset"`
}

type writtenTurn struct {
	Parameter string `json:"parameter"`
	First     *int   `json:"first"`
}

// pageRoots are the names that expressions of one page see.
var pageRoots = []string{"body", "status", "headers"}

// pages compiles how an answer continues. The schema ensures that there is one way.
func (s *source) pages(w *writtenPages, result any, p *Plugin) *pages {
	const place = "/response/pages"
	if w == nil {
		return nil
	}
	if p.Callback {
		s.report(place, "mode", "remove it, or write a step", "An answer that arrives later has no pages.")
	}
	g := &pages{most: defaultPages, items: s.condition(place+"/items", w.Items, pageRoots), total: s.condition(place+"/total", w.Total, pageRoots), until: s.condition(place+"/until", w.Until, pageRoots)}
	if w.Most != nil {
		g.most = *w.Most
	}
	turn := func(way string, t *writtenTurn, first int) {
		g.way, g.parameter, g.first = way, t.Parameter, first
		if t.First != nil {
			g.first = *t.First
		}
	}
	switch {
	case w.Next.Link != nil:
		g.way, g.next = linkWay, s.condition(place+"/next/link/from", w.Next.Link.From, pageRoots)
		if p.url != nil && p.url.secretive() {
			s.report("/request/url", "not_here", "write it in request.query", "The address of a further page is the vendor's, so a secret must not be in the URL.")
		}
	case w.Next.Cursor != nil:
		g.way, g.parameter, g.next = cursorWay, w.Next.Cursor.Parameter, s.condition(place+"/next/cursor/from", w.Next.Cursor.From, pageRoots)
	case w.Next.Page != nil:
		turn(pageWay, w.Next.Page, 1)
	case w.Next.Offset != nil:
		turn(offsetWay, w.Next.Offset, 0)
	}
	if w.Until != "" && (g.way == linkWay || g.way == cursorWay) {
		s.report(place+"/until", "not_here", "remove it", "The pages of %s end where the vendor names no next one.", g.way)
	}
	if p.query != nil && p.query.object[g.parameter] != nil {
		s.report("/request/query/"+escape(g.parameter), "not_here", "remove it: response.pages sets it", "This parameter is that of the pages.")
	}
	s.checkComplete(place, result)
	return g
}

// checkComplete warns of a result that does not state whether it covers all pages.
func (s *source) checkComplete(place string, result any) {
	if result == nil { // it is the items, with whether they are all
		return
	}
	inner := &source{file: s.file, text: s.text, places: s.places, keys: s.keys, base: s.base}
	(&compiler{source: inner, roots: slices.Concat(answerRoots, severalRoots)}).body(result, "/response/result")
	for _, text := range inner.queries {
		paths, everything := expr.QueryReads(text)
		if everything || slices.ContainsFunc(paths, func(path []string) bool {
			return path[0] == "pages" && (len(path) == 1 || path[1] == "complete")
		}) {
			return
		}
	}
	s.warn(place, "unread", "read pages.complete in response.result, such as more: \"{!(pages.complete)}\"", "pages.complete is never read: missing items would go unnoticed.")
}

// paging are the names that the result of an answer sees.
func (s *source) paging(g *pages, roots []string) []string {
	if g == nil {
		return roots
	}
	return append(slices.Clone(roots), "items", "pages")
}

// page is one that was read.
type page struct {
	answer answer
	body   any
	items  []any
	none   bool    // it has no list
	total  float64 // of all pages; less than 0: not stated
}

// read finds the list of a page. Errors: VendorGarbage.
func (g *pages) read(p *Plugin, a answer, body any) (page, error) {
	scope := map[string]any{"body": body, "status": float64(a.status), "headers": headersSeen(a)}
	got := page{answer: a, body: body, total: -1}
	list, err := g.items.value(scope)
	items, isList := list.([]any)
	if err != nil || list != nil && !isList {
		return got, unpaged(p, "items", "type", "is not a list")
	}
	got.items, got.none = items, list == nil
	if g.total != nil && !got.none {
		total, err := g.total.value(scope)
		number, isNumber := total.(float64)
		if err != nil || total != nil && !isNumber {
			return got, unpaged(p, "total", "type", "is not a number")
		}
		if isNumber {
			got.total = number
		}
	}
	return got, nil
}

// over reports whether until holds of a page.
func (g *pages) over(of page) bool {
	if g.until == nil {
		return false
	}
	holds, err := g.until.value(map[string]any{"body": of.body, "status": float64(of.answer.status), "headers": headersSeen(of.answer)})
	return err == nil && holds == true
}

func unpaged(p *Plugin, member, code, message string) error {
	return problem.New(problem.VendorGarbage, "The answer of %s is not valid.", p.ID).With("response.pages."+member, code, "%s", message)
}

// mark names the page after one: a link, a cursor, or the value of the parameter; "" if there is none. number counts pages from 1, read
// the items of all until now. Errors: VendorGarbage.
func (g *pages) mark(p *Plugin, last page, number, read int) (string, error) {
	switch g.way {
	case linkWay, cursorWay:
		return g.named(p, last)
	case pageWay:
		if len(last.items) == 0 || g.over(last) || last.total >= 0 && float64(read) >= last.total {
			return "", nil
		}
		return strconv.Itoa(g.first + number), nil
	}
	if len(last.items) == 0 || g.over(last) || last.total >= 0 && float64(read) >= last.total {
		return "", nil
	}
	return strconv.Itoa(g.first + read), nil
}

// named is what the vendor calls the next page.
func (g *pages) named(p *Plugin, last page) (string, error) {
	if g.next == nil {
		return nextLink(last.answer.header.Values("Link")), nil
	}
	value, err := g.next.value(map[string]any{"body": last.body, "status": float64(last.answer.status), "headers": headersSeen(last.answer)})
	if err != nil || value == nil || value == false {
		return "", nil //nolint:nilerr // a place that is not there names no page
	}
	text, ok := scalar(value)
	if !ok || len(text) > maxQuery {
		return "", unpaged(p, g.way, "type", "is not text or a number")
	}
	return text, nil
}

var linkValue = regexp.MustCompile(`<([^>]*)>([^<]*)`)

// nextLink is the address of rel="next" in headers Link (RFC 8288); "" without.
func nextLink(headers []string) string {
	for _, header := range headers {
		for _, found := range linkValue.FindAllStringSubmatch(header, -1) {
			for _, parameter := range strings.Split(found[2], ";") {
				name, value, _ := strings.Cut(parameter, "=")
				value = strings.Trim(strings.TrimRight(strings.TrimSpace(value), ","), `" `)
				if strings.EqualFold(strings.TrimSpace(name), "rel") && slices.Contains(strings.Fields(strings.ToLower(value)), "next") {
					return strings.TrimSpace(found[1])
				}
			}
		}
	}
	return ""
}

// turn makes the change of an address that leads to a page. Errors: VendorGarbage when a link leads elsewhere.
func (g *pages) turn(p *Plugin, first *url.URL, mark string) (func(*url.URL, url.Values), error) {
	if g.way != linkWay {
		return func(address *url.URL, _ url.Values) {
			all := address.Query()
			all.Set(g.parameter, mark)
			address.RawQuery = all.Encode()
		}, nil
	}
	link, err := url.Parse(mark)
	if err != nil {
		return nil, unpaged(p, linkWay, "url", "is not an address")
	}
	link = first.ResolveReference(link)
	if link.Scheme != first.Scheme || link.Host != first.Host || link.User != nil {
		return nil, unpaged(p, linkWay, "host", "leads to another host")
	}
	return func(address *url.URL, secrets url.Values) {
		address.Path, address.RawPath = link.Path, link.RawPath
		all := link.Query()
		for name, values := range secrets { // the vendor leaves them out, or they were taken out of the answer
			all[name] = values
		}
		address.RawQuery = all.Encode()
	}, nil
}

// secretParameters are the parameters of a rendered query that have a secret in them.
func (p *Plugin) secretParameters(rendered any) url.Values {
	query, ok := rendered.(map[string]any)
	if !ok {
		return nil
	}
	secret := map[string]any{}
	for name, value := range query {
		if p.query.object[name].secretive() {
			secret[name] = value
		}
	}
	return parameters(secret, "request.query", &[]fault{})
}

// repeated reports whether a page is the one before it again: the vendor does not know the parameter.
func (g *pages) repeated(before, now page) bool {
	return len(now.items) > 0 && reflect.DeepEqual(before.items, now.items)
}

// wholly reports whether these are all items, as far as the vendor states.
func wholly(last page, read int) bool { return last.total < 0 || float64(read) >= last.total }
