package cases

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"ballerine/internal/statechart"
)

// Parent states which work of which case has started a child case.
type Parent struct {
	Case  string `json:"case"`
	State string `json:"state"`
	Visit int    `json:"visit"`
	Work  string `json:"work"`
	Index int    `json:"index"`           // of the element that it is about, from 0
	Depth int    `json:"depth,omitempty"` // how many parents are above that case
}

// children is what a case knows of the children that a piece of its work has started: `children.<work>` of the context,
// which guards read.
type children struct {
	State   string           `json:"state"`
	Visit   int              `json:"visit"`
	Dropped bool             `json:"dropped,omitempty"` // the state was left before the work had ended: they were called off
	Cases   map[string]Child `json:"cases"`             // by id
	Standing
}

// Standing counts children. It is also the result of the work that has started them.
type Standing struct {
	Total     int            `json:"total"`
	Active    int            `json:"active"`
	Completed int            `json:"completed"`
	Failed    int            `json:"failed"`
	Cancelled int            `json:"cancelled"`
	Incidents int            `json:"incidents"` // how many wait for an operator
	Outcomes  map[string]int `json:"outcomes"`  // of the completed ones; each outcome that their workflow has, 0 included
}

// Child is how a child case stands, as it was last reported.
type Child struct {
	Index     int            `json:"index"`
	Version   int            `json:"version"` // of the child that was reported; 0: it has not reported yet
	Status    Status         `json:"status"`
	States    []string       `json:"states"`
	Tags      []string       `json:"tags"`
	Outcome   string         `json:"outcome,omitempty"`
	Risk      *Risk          `json:"risk,omitempty"`
	Incidents int            `json:"incidents,omitempty"`
	Result    map[string]any `json:"result,omitempty"` // what the parent's workflow takes over of its context
	Aside     *aside         `json:"aside,omitempty"`  // the result is not stored in the record
	// Held is the state of the child according to a report that an incident holds: it is neither counted nor visible to
	// guards until the report has had its effect.
	Held *heldChild `json:"held,omitempty"`
}

// heldChild is the content of a report, without what is copied from the child's context.
type heldChild struct {
	Version   int      `json:"version"`
	Status    Status   `json:"status"`
	States    []string `json:"states"`
	Tags      []string `json:"tags"`
	Outcome   string   `json:"outcome,omitempty"`
	Risk      *Risk    `json:"risk,omitempty"`
	Incidents int      `json:"incidents,omitempty"`
}

// holding is the child with a newer report that is held.
func (c Child) holding(newer Child) Child {
	c.Held = &heldChild{newer.Version, newer.Status, newer.States, newer.Tags, newer.Outcome, newer.Risk, newer.Incidents}
	return c
}

// newest is the child as it was last reported, held or not.
func (c Child) newest() Child {
	if h := c.Held; h != nil {
		return Child{
			Index: c.Index, Version: h.Version, Status: h.Status, States: h.States, Tags: h.Tags, Outcome: h.Outcome, Risk: h.Risk, Incidents: h.Incidents,
		}
	}
	return c
}

// childReport is what a child reports to its parent: small, because it is kept in the outbox.
type childReport struct {
	ID       string `json:"id"`
	Workflow string `json:"workflow"`
	Parent   Parent `json:"parent"`
	Child
}

// ended counts the children that do not go on.
func (s Standing) ended() int { return s.Total - s.Active }

// satisfied reports whether enough children have ended.
func (s Standing) satisfied(until int) bool {
	if until == statechart.UntilAll {
		return s.Active == 0
	}
	return s.ended() >= min(until, s.Total)
}

// count brings the numbers up to date with the children. Outcomes that are known stay known.
func (g *children) count() {
	outcomes := map[string]int{}
	for name := range g.Outcomes {
		outcomes[name] = 0
	}
	g.Standing = Standing{Total: len(g.Cases), Outcomes: outcomes}
	for _, child := range g.Cases {
		if child.Incidents > 0 {
			g.Incidents++
		}
		switch child.Status {
		case StatusActive:
			g.Active++
		case StatusCompleted:
			g.Completed++
			outcomes[child.Outcome]++
		case StatusFailed:
			g.Failed++
		case StatusCancelled:
			g.Cancelled++
		}
	}
}

// groups are the children of the draft's record, by the work that has started them.
func (d *draft) groups() map[string]children {
	found := map[string]children{}
	written, _ := d.record.Context["children"].(map[string]any)
	for work := range written {
		if group, ok := d.group(work); ok {
			found[work] = group
		}
	}
	return found
}

// readGroup is a group and what it was read from, or written into. Contexts are copied, never changed: the same map has the same
// children.
type readGroup struct {
	from  any
	group children
}

func (g readGroup) is(value any) bool {
	_, isObject := value.(map[string]any)
	return isObject && g.from != nil && reflect.ValueOf(g.from).Pointer() == reflect.ValueOf(value).Pointer()
}

// group reads the children of a piece of work; ok is false when it has started none. It is read once for all reports of a
// commit: each of 200 children would else be read for each of them.
func (d *draft) group(work string) (group children, ok bool) {
	written, _ := d.record.Context["children"].(map[string]any)
	value, ok := written[work]
	if !ok {
		return children{}, false
	}
	if known := d.known[work]; known.is(value) {
		return known.group, true
	}
	// Results stored beside the record are large and irrelevant to counting: only the context has them.
	only := eachAside(map[string]any{"children": map[string]any{work: value}}, func(_ string, child map[string]any) { delete(child, "result") })
	groups, _ := only["children"].(map[string]any)
	if err := convert(groups[work], &group); err != nil {
		return group, false
	}
	d.know(work, value, group)
	return group, true
}

func (d *draft) know(work string, from any, group children) {
	if _, isObject := from.(map[string]any); !isObject {
		return
	}
	if d.known == nil {
		d.known = map[string]readGroup{}
	}
	d.known[work] = readGroup{from, group}
}

// putChild writes what is new of one child, and the numbers, into a copy of the context. The others stay as they are.
func (d *draft) putChild(work, id string, group children) error {
	var child, standing map[string]any
	one, numbers := group.Cases[id], group
	numbers.Cases = nil
	if err := errors.Join(convert(one, &child), convert(numbers, &standing)); err != nil {
		return err
	}
	written, _ := d.record.Context["children"].(map[string]any)
	before, _ := written[work].(map[string]any)
	known, _ := before["cases"].(map[string]any)
	known, written = maps.Clone(known), maps.Clone(written)
	known[id] = child
	standing["cases"] = known
	written[work] = standing
	d.record.Context = maps.Clone(d.record.Context)
	d.record.Context["children"] = written
	d.changed("children")
	d.know(work, standing, group)
	return nil
}

// setGroup writes the children of a piece of work into a copy of the context.
func (d *draft) setGroup(work string, group children) error {
	var value any
	if err := convert(group, &value); err != nil {
		return err
	}
	written, _ := d.record.Context["children"].(map[string]any)
	written = maps.Clone(written)
	if written == nil {
		written = map[string]any{}
	}
	written[work] = value
	d.record.Context = maps.Clone(d.record.Context)
	if d.record.Context == nil {
		d.record.Context = map[string]any{}
	}
	d.record.Context["children"] = written
	d.changed("children")
	return nil
}

// convert goes by way of JSON: the context holds plain values only, so that digests read back the same.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(text, to)
	}
	if err != nil {
		return fmt.Errorf("write children: %w", err)
	}
	return nil
}

// dropChildren calls the children of work off whose state was left before it had ended.
func (d *draft) dropChildren(dropped statechart.Effect) {
	group, ok := d.group(dropped.Work)
	if !ok || group.State != dropped.State || group.Visit != dropped.Visit {
		return
	}
	group.Dropped = true
	if err := d.setGroup(dropped.Work, group); err == nil { // it was read from the same form
		d.callOff(group)
	}
}

// callOff cancels the children that are active.
func (d *draft) callOff(group children) {
	for _, id := range slices.Sorted(maps.Keys(group.Cases)) {
		if group.Cases[id].newest().Status == StatusActive {
			d.effects = append(d.effects, Effect{Kind: EffectCancel, Name: id})
		}
	}
}

// report notifies the parent when the state of the case has changed.
func (d *draft) report() {
	r := d.record
	if r.Parent == nil {
		return
	}
	now, before := standing(r, d.entry.To), standing(d.old, d.entry.From)
	if now.Version, before.Version = 0, 0; !d.creating && sameJSON(now, before) {
		return
	}
	now.Version = r.Version
	var data map[string]any
	if err := convert(childReport{r.ID, r.Workflow.ID, *r.Parent, now}, &data); err == nil { // plain structs
		d.effects = append(d.effects, Effect{Kind: EffectReport, Name: r.Parent.Case, Data: data})
	}
}

// standing is how a case stands, as it is reported to its parent.
func standing(r Record, configuration []string) Child {
	child := Child{
		Version: r.Version, Status: r.Status, States: append([]string{}, configuration...), Tags: append([]string{}, r.Tags...), Outcome: r.Outcome, Risk: r.Risk,
		Incidents: len(r.Incidents),
	}
	if r.Parent != nil {
		child.Index = r.Parent.Index
	}
	return child
}

func sameJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
