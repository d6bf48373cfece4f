package flow

import (
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"ballerine/internal/expr"
)

// advise warns of what the pages do as written and hardly can be meant. node is the list of pages.
func (p *parser) advise(node *yaml.Node) {
	p.portable()
	p.incomplete()
	for _, r := range p.rules {
		p.aboutRule(r)
	}
	p.unasked(node)
	for i, page := range p.d.Pages {
		p.aboutPage(page, p.pageNodes[i], p.pagePaths[i])
	}
	if len(p.d.Pages) > 0 && !slices.ContainsFunc(p.d.Pages, func(page Page) bool { return page.Event != "" }) {
		p.doc.Warn(node, "flow.pages", "no_event", "no page has an event: what was entered cannot be submitted", "event: SUBMIT")
	}
}

func (p *parser) aboutPage(page Page, node *yaml.Node, path string) {
	if page.Event == "" || p.sends(page.Event) {
		return
	}
	p.doc.Warn(member(node, "event"), path+".event", "unknown_event", "no state has the event "+page.Event, "known: "+strings.Join(p.events(), ", "))
}

func (p *parser) sends(event string) bool {
	return slices.ContainsFunc(p.events(), func(name string) bool {
		prefix, any := strings.CutSuffix(name, "*")
		return name == event || any && strings.HasPrefix(event, prefix)
	})
}

func (p *parser) events() (names []string) {
	for _, s := range append(p.w.Chart.States(), p.w.Chart.Root()) {
		for _, t := range s.Transitions {
			if t.Event != "" && !strings.HasPrefix(t.Event, "done.") && !strings.HasPrefix(t.Event, "after.") && !strings.HasPrefix(t.Event, "error.") {
				names = append(names, t.Event)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// aboutRule warns of a page that nobody sees, of a rule that reveals findings to an applicant, and of one that no answer
// can decide.
func (p *parser) aboutRule(r placedRule) {
	paths := r.rule.program.Paths()
	queried, everything := r.rule.program.Queried()
	if r.is == "visible" && len(paths) == 0 && len(queried) == 0 && !everything {
		if r.rule.program.Test(&expr.Env{Scope: expr.Map{}, Now: time.Unix(0, 0)}).Truth != expr.True {
			p.doc.Warn(r.node, r.path, "never_visible", "this is never visible", "remove it, or its rule")
		}
		return
	}
	for _, reference := range slices.Concat(paths, queried) {
		head := reference.Steps[0]
		switch {
		case slices.Contains(p.owned, head) && head != "documents" && head != "event":
			p.doc.Warn(r.node, r.path, "discloses", "the applicant can infer from this what "+reference.Path+" is", "ask for it only where applicants may know it")
		case p.cannotAnswer(reference):
			p.doc.Warn(r.node, r.path, "undecided", "no page asks for "+reference.Path+": where the case does not have it, the rule is unknown, and "+unknownMeans[r.is],
				"coalesce("+reference.Path+", …) or exists("+reference.Path+") decides about absence")
		}
	}
}

var unknownMeans = map[string]string{
	"visible": "this is not shown", "required": "an answer is required", "disabled": "the field can be changed", "validate": "no value keeps to it",
}

func (p *parser) cannotAnswer(r expr.Reference) bool {
	name := p.relative(r.Steps)
	return !r.Optional && r.Steps[0] != "documents" && r.Steps[0] != "stale" && !p.d.answers(name)
}

// relative is a path that a rule of a group reads, as asked has it. Which group it is does not matter here: item is always of one.
func (p *parser) relative(steps []string) string {
	if steps[0] != nameItem {
		return expr.JoinPath(steps)
	}
	for _, asked := range slices.Sorted(maps.Keys(p.d.asked)) {
		if _, within, ok := strings.Cut(asked, "[]."); ok && within == expr.JoinPath(steps[1:]) {
			return asked
		}
	}
	return nameIndex // a field that no page asks for has been reported as unknown already
}

// incomplete warns of texts that are not in every language of the flow.
func (p *parser) incomplete() {
	if p.d.Languages == nil {
		all := map[string]bool{}
		for _, t := range p.texts {
			for name := range t.text {
				all[name] = name != ""
			}
		}
		delete(all, "")
		p.d.Languages = slices.Sorted(maps.Keys(all))
	}
	for _, t := range p.texts {
		var missing []string
		for _, name := range p.d.Languages {
			if _, ok := t.text[name]; !ok {
				missing = append(missing, name)
			}
		}
		_, plain := t.text[""]
		if len(missing) > 0 && !t.text.only(p.d.Languages) && (plain || t.text[english] != "") {
			p.doc.Warn(t.node, t.path, "language_incomplete", "this text is not in "+strings.Join(missing, ", "), "applicants read the English text, or the only one, there")
		}
	}
}

// only reports whether a text in one language that is not known is all that a flow in one language needs.
func (t Text) only(languages []string) bool {
	_, plain := t[""]
	return plain && (len(languages) == 0 || len(languages) == 1 && languages[0] == english)
}

// unasked warns of what a check identifies people by, and of documents that a case requires, where no page asks for them.
func (p *parser) unasked(node *yaml.Node) {
	if len(p.d.asked) == 0 && len(p.documents) == 0 {
		return
	}
	for _, d := range p.w.Documents {
		if d.Required && !p.documents[d.Kind] {
			p.doc.Warn(node, "flow.pages", "not_asked", "the document "+d.Kind+" is required, and no page asks for it", "documents: ["+d.Kind+"]")
		}
	}
	for _, state := range p.w.Chart.States() {
		for _, i := range p.w.Invocations(state.Path) {
			if i.Source != "screening" && i.Source != "vendor" {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(i.With)) {
				p.unaskedBy(i.ID+" reads it as "+name, i.With[name], node)
			}
		}
	}
}

func (p *parser) unaskedBy(who string, program *expr.Program, node *yaml.Node) {
	for _, r := range program.Paths() {
		path := expr.JoinPath(r.Steps)
		if slices.Contains(p.owned, r.Steps[0]) || p.d.answers(path) || p.asksWithin(path) {
			continue
		}
		p.doc.Warn(node, "flow.pages", "not_asked", "no page asks for "+path+", and "+who, "ask for it, or send it when the case is started")
	}
}

func (p *parser) asksWithin(path string) bool {
	for asked := range p.d.asked {
		if strings.HasPrefix(asked, path+".") {
			return true
		}
	}
	return false
}
