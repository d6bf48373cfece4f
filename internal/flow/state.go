package flow

import (
	"maps"
	"slices"
	"strings"

	"ballerine/internal/expr"
)

// State is what an applicant has before them.
type State struct {
	Locale    string      `json:"locale" doc:"the language of the texts: two letters"`
	Languages []string    `json:"languages" nullable:"false" doc:"the languages that the definition has texts in"`
	Collects  bool        `json:"collects" doc:"the case waits for the applicant; otherwise nothing can be saved"`
	Revision  bool        `json:"revision" doc:"documents are requested again: pages without them are closed"`
	Next      string      `json:"next,omitempty" doc:"the page to go to; missing if there is none"`
	Complete  bool        `json:"complete" doc:"nothing remains to be done before submitting"`
	Progress  PageCount   `json:"progress" doc:"how many pages are done"`
	Remaining []Remaining `json:"remaining" nullable:"false" doc:"what has to be done before the flow can be submitted"`
	Pages     []PageState `json:"pages" nullable:"false" doc:"the pages, in their order; without those that the applicant must not know of"`
}

// PageCount counts pages that ask for something and are shown.
type PageCount struct {
	Done  int `json:"done" doc:"pages that are complete and were saved"`
	Total int `json:"total" doc:"pages that are shown, open, and ask for something"`
}

// Remaining is something that has to be done.
type Remaining struct {
	Page     string `json:"page" doc:"id of the page on which it has to be done"`
	Field    string `json:"field,omitempty" doc:"path in the case's context: applicant.name.given, owners[0].share"`
	Document string `json:"document,omitempty" doc:"kind of document"`
	Side     string `json:"side,omitempty"`
	Fault
}

// PageState is a page as it is now.
type PageState struct {
	ID          string         `json:"id"`
	Title       string         `json:"title,omitempty"`
	Description string         `json:"description,omitempty"`
	Visible     bool           `json:"visible" doc:"it is shown"`
	Open        bool           `json:"open" doc:"it can be filled in"`
	Complete    bool           `json:"complete" doc:"nothing remains to be done on it"`
	Saved       bool           `json:"saved" doc:"the applicant has saved it before"`
	Event       string         `json:"event,omitempty" doc:"what submitting sends"`
	Original    []string       `json:"original,omitempty" doc:"members whose texts are not in the requested language"`
	Rule        any            `json:"rule,omitempty" doc:"when the page is visible, where a client can work it out: see the documentation of flows"`
	Undecided   []string       `json:"undecided,omitempty" doc:"fields without which it is not known whether the page is shown"`
	Elements    []ElementState `json:"elements" nullable:"false" doc:"what is on the page, in its order"`
}

// State returns where an applicant is. It is computed each time, so a new version of the workflow, or a reviewer's
// request, counts immediately.
func (d *Definition) State(in Input) State {
	v := d.view(in)
	s := State{Locale: v.language, Languages: append([]string{}, d.Languages...), Collects: in.Collects, Remaining: []Remaining{}, Pages: []PageState{}}
	s.Revision = in.Collects && slices.ContainsFunc(in.Documents, func(x Document) bool { return x.Requested })
	for i := range d.Pages {
		s.add(v, &d.Pages[i])
	}
	s.hold(v)
	s.need(v)
	for i := range s.Pages {
		s.settle(&s.Pages[i])
	}
	s.Complete = len(s.Remaining) == 0
	s.goOn()
	return s
}

// add adds a page, unless the applicant is not to know that there is one.
func (s *State) add(v *view, page *Page) {
	visible := v.pageVisible(*page)
	v.want(page.Visible, visible, place{})
	requested := visible.truth != expr.True && slices.ContainsFunc(page.Elements, v.isRequested)
	if requested {
		visible = decided{truth: expr.True}
	}
	if visible.truth != expr.True && (!portable(page.Visible) || !v.inPlace(*page)) {
		return
	}
	p := PageState{ID: page.ID, Visible: visible.truth == expr.True, Event: page.Event, Saved: slices.Contains(v.in.Progress.Saved, page.ID)}
	p.Title, p.Original = v.localized(page.Title, "title", p.Original)
	p.Description, p.Original = v.localized(page.Description, "description", p.Original)
	if page.Visible != nil {
		p.Rule = page.Visible.Portable
	}
	if visible.truth == expr.Unknown {
		p.Undecided = v.nameable(visible.missing)
	}
	p.Elements = []ElementState{}
	wanted := len(v.wanted)
	for i := range page.Elements {
		if requested && !v.isRequested(page.Elements[i]) {
			continue // of a page that is hidden otherwise, only this is asked for
		}
		e, shown := v.element(&page.Elements[i], place{})
		if !shown {
			continue
		}
		p.Elements = append(p.Elements, e)
		if p.Visible && e.Visible {
			s.Remaining = append(s.Remaining, e.remaining(page.ID)...)
		}
	}
	if !p.Visible {
		v.wanted = v.wanted[:wanted]
	}
	s.Pages = append(s.Pages, p)
}

func portable(rule Rule) bool { return rule == nil || rule.Portable != nil }

// localized is a text in the language of the view; a text in another one is noted.
func (v *view) localized(text Text, name string, originals []string) (string, []string) {
	written, original := text.In(v.language)
	if original && written != "" {
		originals = append(originals, name)
	}
	return written, originals
}

// hold adds what keeps drafts out of the case: what the schema requires beside them. If no page asks for that, it cannot
// be entered, so the draft itself has to be corrected.
func (s *State) hold(v *view) {
	if len(v.in.Progress.Draft) == 0 {
		return
	}
	_, held := v.d.fit(v.in.Context, v.in.Progress.Draft)
	for _, field := range slices.Sorted(maps.Keys(held)) {
		page, own := s.asks(field)
		if own == nil || slices.ContainsFunc(s.Remaining, func(r Remaining) bool { return r.Field == field || strings.HasPrefix(r.Field, field+"[") }) {
			continue // hidden, or reported
		}
		missing, code := field, faultSchema
		if at, e := s.asks(held[field].path); held[field].code == faultRequired && e != nil {
			page, missing, code = at, held[field].path, faultRequired
		}
		if slices.ContainsFunc(s.Remaining, func(r Remaining) bool { return r.Field == missing }) {
			continue
		}
		s.Remaining = append(s.Remaining, Remaining{Page: page, Field: missing, Fault: worded(Fault{Code: code}, nil, nil, v.language)})
	}
}

// asks finds the page and the element that ask for a field, if they are shown.
func (s *State) asks(field string) (page string, found *ElementState) {
	for i := range s.Pages {
		for j := range s.Pages[i].Elements {
			if e := &s.Pages[i].Elements[j]; s.Pages[i].Visible && e.Visible && e.Field == field {
				return s.Pages[i].ID, e
			}
		}
	}
	return "", nil
}

// need adds the answers without which it is not known what is shown.
func (s *State) need(v *view) {
	named := map[want]bool{}
	for _, w := range v.wanted {
		if !named[w] {
			named[w] = true
			s.needs(v, w)
		}
	}
}

// needs adds a field, if a page that is shown asks for it and the applicant can answer it.
func (s *State) needs(v *view, w want) {
	for _, p := range s.Pages {
		if !p.Visible {
			continue
		}
		for _, e := range p.Elements {
			field, texts, ok := e.asking(v, w)
			if !ok || slices.ContainsFunc(s.Remaining, func(r Remaining) bool { return r.Field == field }) {
				continue
			}
			s.Remaining = append(s.Remaining, Remaining{Page: p.ID, Field: field, Fault: worded(Fault{Code: faultNeeded}, nil, texts, v.language)})
		}
	}
}

// settle decides whether a page is complete and open: all are, unless only some documents are asked for again. What submits is open even
// then.
func (s *State) settle(p *PageState) {
	p.Complete = p.Visible && !slices.ContainsFunc(s.Remaining, func(r Remaining) bool { return r.Page == p.ID })
	requested := slices.ContainsFunc(p.Elements, func(e ElementState) bool {
		return slices.ContainsFunc(e.Files, func(f FileState) bool { return f.Requested })
	})
	p.Open = s.Collects && p.Visible && (!s.Revision || requested || !p.Complete || p.Event != "")
}

// asks reports whether something can be entered on a page.
func (p PageState) asks() bool {
	return slices.ContainsFunc(p.Elements, func(e ElementState) bool { return e.Visible && (e.Field != "" || e.Document != "") })
}

// goOn decides which page is next, and counts.
func (s *State) goOn() {
	submit := ""
	for _, p := range s.Pages {
		if !p.Visible {
			continue
		}
		if p.Event != "" && submit == "" && p.Open {
			submit = p.ID
		}
		if !p.asks() || !p.Open {
			continue
		}
		done := p.Complete && (p.Saved || s.Revision)
		s.Progress.Total++
		if done {
			s.Progress.Done++
		} else if s.Next == "" {
			s.Next = p.ID
		}
	}
	if s.Next == "" {
		s.Next = submit
	}
}

// Submits is the page whose event submits the flow, or states what has to be done before: everything on the pages up to it. page names one
// of several; "" is the first that is shown and open. found: there is one.
func (s State) Submits(page string) (id, event string, remaining []Remaining, found bool) {
	for i, p := range s.Pages {
		if p.Event == "" || !p.Open || page != "" && p.ID != page {
			continue
		}
		for _, r := range s.Remaining {
			if slices.ContainsFunc(s.Pages[:i+1], func(before PageState) bool { return before.ID == r.Page }) {
				remaining = append(remaining, r)
			}
		}
		return p.ID, p.Event, remaining, true
	}
	return "", "", nil, false
}

// Submitted is how far an applicant has come after a page was submitted: what was entered on the pages behind it is kept, and drafts of it
// and those before it are not, because what is not complete there is not asked.
func (d *Definition) Submitted(p Progress, page string) Progress {
	kept := Progress{Saved: p.Saved}
	behind := false
	for i := range d.Pages {
		for j := range d.Pages[i].Elements {
			field := d.Pages[i].Elements[j].Field
			if value, there := p.Draft[field]; there && behind {
				kept.draft(field, value, p.Over[field])
			}
		}
		behind = behind || d.Pages[i].ID == page
	}
	return kept
}

// Place of what remains, for errors: pages.about.applicant.name.
func (r Remaining) Place() string {
	name := r.Field
	if r.Document != "" {
		name = strings.TrimSuffix("documents."+r.Document+"."+r.Side, ".")
	}
	return "pages." + r.Page + "." + name
}
