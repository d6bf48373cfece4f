package httpapi

import (
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cache"
	"ballerine/internal/cases"
	"ballerine/internal/flow"
	"ballerine/internal/problem"
)

// maxPages is how many definitions of pages a process keeps parsed.
const maxPages = 50

// flowPages are the definitions of pages that were parsed.
type flowPages struct {
	parsed *cache.Cache[flowKey, *flow.Definition]
}

// flowKey is a version of a workflow, which cannot be changed.
type flowKey struct {
	tenant string
	ref    cases.WorkflowRef
}

// of is the definition of a case's pages. Pages of a version that was published before they were checked, and that cannot be read, are
// none.
func (f flowPages) of(a cases.Applying) *flow.Definition {
	key := flowKey{a.Record.Tenant, a.Record.Workflow}
	if d, ok := f.parsed.Get(key); ok {
		return d
	}
	d, _ := flow.Parse(a.Record.Workflow.ID, a.Workflow)
	if d == nil {
		d = &flow.Definition{}
	}
	f.parsed.Put(key, d)
	return d
}

// FlowState is where an applicant is: the case, and its pages.
type FlowState struct {
	Case *FlowCase  `json:"case"`
	Flow flow.State `json:"flow" doc:"the pages, and what remains to be done"`
}

type flowStateAnswer struct {
	ETag string `header:"ETag"`
	Body FlowState
}

// Reading is the language in which texts are returned.
type Reading struct {
	Locale string `query:"locale" maxLength:"35" pattern:"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$" doc:"the language of the texts, as de or de-AT; English without one. Texts that there are in another language only are marked with original"`
}

// pageBody is what an applicant has entered on a page.
type pageBody struct {
	Values  map[string]any `json:"values" maxProperties:"200" doc:"answers by field, as the page names it: {\"applicant.name.given\": \"Ada\"}. null removes an answer; fields that are not sent stay as they are. A group is sent as a whole"`
	Partial bool           `json:"partial,omitempty" doc:"answers may be missing: what was entered is kept, and the page does not count as saved"`
}

func pagesInput(a cases.Applying, locale string) flow.Input {
	return flow.Input{
		Context: a.Record.Context, Progress: flow.Progress(a.Progress()), Documents: requested(a.Documents), Extra: a.Extra, States: a.States,
		Collects: a.Collects, Locale: locale, Now: a.Now,
	}
}

// requested are the documents with what reviewers have asked for: the newest decision about a kind and side counts, until there is
// another one.
func requested(documents []cases.Document) []flow.Document {
	found := make([]flow.Document, len(documents))
	decided := map[string]bool{}
	for i, d := range slices.Backward(documents) {
		found[i] = flow.Document{ID: d.ID, Kind: d.Kind, Side: d.Side, Status: string(d.Status)}
		if d.Decision == nil {
			continue
		}
		found[i].Reason = d.Decision.Reason
		found[i].Requested = d.Status == cases.DocumentRevision && !decided[d.Kind+"/"+d.Side]
		decided[d.Kind+"/"+d.Side] = true
	}
	return found
}

func (s *server) registerFlowPages(api huma.API) {
	pages := flowPages{cache.New[flowKey, *flow.Definition](maxPages)}
	answer := func(c ctx, record cases.Record, locale string, err error) (*flowStateAnswer, error) {
		if err != nil {
			return nil, err
		}
		view, err := s.flowView(c, record)
		if err != nil {
			return nil, err
		}
		applying, err := s.Cases.Applying(c, principalOf(c), record)
		if err != nil {
			return nil, err
		}
		return &flowStateAnswer{tag(record.Version), FlowState{view, pages.of(applying).State(pagesInput(applying, locale))}}, nil
	}
	type stateIn struct{ Reading }
	add(s, api, op(Flow, "getFlowState", "GET", "/v1/flow/state", "Get the applicant's pages and what remains to be done"), func(c ctx, in *stateIn) (*flowStateAnswer, error) {
		record, err := s.Cases.Get(c, principalOf(c), principalOf(c).Case)
		return answer(c, record, in.Locale, err)
	})
	type pageIn struct {
		Seen
		Reading
		Page string `path:"page" maxLength:"64" doc:"id of the page"`
		Body pageBody
	}
	add(s, api, op(Flow, "saveFlowPage", "PUT", "/v1/flow/pages/{page}", "Save what the applicant has entered on a page"), func(c ctx, in *pageIn) (*flowStateAnswer, error) {
		c, err := in.on(c, principalOf(c).Case)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.SavePage(c, principalOf(c), principalOf(c).Case, func(a cases.Applying) (cases.PageSaved, error) {
			saved, err := pages.of(a).Save(pagesInput(a, in.Locale), in.Page, in.Body.Values, in.Body.Partial)
			return cases.PageSaved{Page: in.Page, Fields: saved.Fields, Patch: saved.Patch, Pages: cases.Pages(saved.Progress)}, err
		})
		return answer(c, record, in.Locale, err)
	})
	type submitIn struct {
		Seen
		Reading
		Body struct {
			Page string `json:"page,omitempty" maxLength:"64" doc:"the page whose event is sent; the first one that has one and is open without"`
		}
	}
	add(s, api, op(Flow, "submitFlow", "POST", "/v1/flow/submit", "Submit the flow when nothing remains to be done").repeatable(), func(c ctx, in *submitIn) (*flowStateAnswer, error) {
		c, err := in.on(c, principalOf(c).Case)
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.SubmitPages(c, principalOf(c), principalOf(c).Case, callOf(c), func(a cases.Applying) (cases.PagesSubmitted, error) {
			d, input := pages.of(a), pagesInput(a, in.Locale)
			page, event, err := submits(d.State(input), in.Body.Page)
			return cases.PagesSubmitted{Event: event, Pages: cases.Pages(d.Submitted(input.Progress, page))}, err
		})
		return answer(c, record, in.Locale, err)
	})
}

// submits is the page that submits a flow, and its event. Errors: NotFound, Invalid with everything that remains to be done.
func submits(state flow.State, wanted string) (page, event string, err error) {
	page, event, remaining, found := state.Submits(wanted)
	if !found {
		return "", "", problem.New(problem.NotFound, "No page that is open submits the flow.")
	}
	e := problem.New(problem.Invalid, "Something remains to be done.")
	for _, r := range remaining {
		e.With(r.Place(), r.Code, "%s", r.Message)
	}
	if len(e.Fields) > 0 {
		return "", "", e.AtMost(flow.MaxFaults, "pages")
	}
	return page, event, nil
}
