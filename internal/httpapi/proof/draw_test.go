package proof

import (
	"encoding/json"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"ballerine/internal/statechart/charttest"
)

// artist turns random charts into workflows in which it is declared, or not declared, who acts where.
type artist struct{ t *rapid.T }

type object = map[string]any

func (a artist) chart() *charttest.Chart {
	return charttest.Draw(a.t, charttest.Options{Work: true, Timers: true, Wildcard: true, Parallel: true, States: 10})
}

// workflow is a chart as a definition, with tags and words about who acts at random, and whatever else is added.
func (a artist) workflow(chart *charttest.Chart, version int, more ...func(document object)) []byte {
	var document object
	if err := json.Unmarshal(chart.JSON(), &document); err != nil {
		a.t.Fatal(err)
	}
	a.state(document)
	var pages []any
	for _, event := range charttest.Events {
		if a.oneIn(4) && named(document, event) {
			pages = append(pages, object{"id": "page_" + string(rune('a'+len(pages))), "title": "A page", "event": event})
		}
	}
	if len(pages) > 0 {
		document["flow"] = object{"pages": pages}
	}
	document["documents"] = []any{object{"kind": "passport", "title": "Passport", "content_types": []any{"image/png"}}}
	document["id"], document["version"], document["title"], document["subject"] = "random", version, "A random workflow", "individual"
	for _, add := range more {
		add(document)
	}
	text, err := json.Marshal(document)
	if err != nil {
		a.t.Fatal(err)
	}
	return text
}

func (a artist) oneIn(n int) bool { return rapid.IntRange(0, n-1).Draw(a.t, "one in") == n-1 }

func (a artist) state(state object) {
	if state["type"] == "history" {
		return
	}
	switch final := state["type"] == "final"; {
	case final && a.oneIn(2):
		state["tags"] = []any{"approved"}
	case !final:
		state["tags"] = rapid.SampledFrom([][]any{{}, {}, {}, {"manual_review"}, {"collection_flow"}, {"collection_flow", "manual_review"}}).Draw(a.t, "tags")
		a.by(state)
	}
	on, _ := state["on"].(object)
	for _, event := range slices.Sorted(maps.Keys(on)) {
		transitions, _ := on[event].([]any)
		for _, one := range transitions {
			transition, _ := one.(object)
			a.by(transition)
		}
	}
	inner, _ := state["states"].(object)
	for _, name := range slices.Sorted(maps.Keys(inner)) {
		child, _ := inner[name].(object)
		a.state(child)
	}
}

// by declares for one in five who may.
func (a artist) by(of object) {
	if a.oneIn(5) {
		of["by"] = rapid.SampledFrom([]any{
			applicant, client, reviewer, approver, []any{applicant, client}, []any{client, reviewer}, []any{reviewer, approver}, []any{applicant, approver}, anybody,
		}).Draw(a.t, "by")
	}
}

func named(state object, event string) bool {
	on, _ := state["on"].(object)
	if _, found := on[event]; found {
		return true
	}
	inner, _ := state["states"].(object)
	for _, child := range inner {
		if child, ok := child.(object); ok && named(child, event) {
			return true
		}
	}
	return false
}
