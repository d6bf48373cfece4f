package cases

import (
	"maps"
	"slices"

	"ballerine/internal/statechart"
)

// Clone is a copy that shares no mutable data with the record, so that a store may keep one and return the other.
func (r Record) Clone() Record {
	r.Snapshot, r.Context, r.Tags = cloneSnapshot(r.Snapshot), cloneMap(r.Context), slices.Clone(r.Tags)
	r.Waiting, r.Risk, r.SLA, r.Proposed = cloned(r.Waiting), cloned(r.Risk), cloned(r.SLA), cloneProposal(r.Proposed)
	r.Snooze, r.Escalation = cloned(r.Snooze), cloned(r.Escalation)
	r.Message, r.Undo, r.Pages = cloneMessage(r.Message), cloneUndo(r.Undo), clonePages(r.Pages)
	r.DocumentUndos = each(r.DocumentUndos, func(u *DocumentUndo) { u.Decision = cloned(u.Decision) })
	r.NewHits = cloneNewHits(r.NewHits)
	r.Terms, r.Traits, r.Parent, r.Documents, r.Incidents = slices.Clone(r.Terms), slices.Clone(r.Traits), cloned(r.Parent), cloneDocuments(r.Documents), cloneIncidents(r.Incidents)
	r.Former, r.Suppliers, r.Correlations = cloneFormer(r.Former), slices.Clone(r.Suppliers), slices.Clone(r.Correlations)
	r.Reads, r.Stale, r.Paces, r.Parked, r.Seen = cloneReads(r.Reads), slices.Clone(r.Stale), maps.Clone(r.Paces), cloneParked(r.Parked), slices.Clone(r.Seen)
	return r
}

func cloneNewHits(h *NewHits) *NewHits {
	if h = cloned(h); h != nil {
		h.Lists = slices.Clone(h.Lists)
	}
	return h
}

// cloned copies a value that holds no shared data.
func cloned[T any](value *T) *T {
	if value == nil {
		return nil
	}
	return new(*value)
}

// each copies a list, and what its elements hold.
func each[T any](list []T, inside func(*T)) []T {
	list = slices.Clone(list)
	for i := range list {
		inside(&list[i])
	}
	return list
}

func cloneSnapshot(s statechart.Snapshot) statechart.Snapshot {
	s.Active = each(s.Active, func(a *statechart.Activation) {
		a.Timers, a.Work = slices.Clone(a.Timers), slices.Clone(a.Work)
	})
	s.History = maps.Clone(s.History)
	for state, paths := range s.History {
		s.History[state] = slices.Clone(paths)
	}
	return s
}

func cloneMessage(m *Message) *Message {
	if m = cloned(m); m != nil {
		m.Documents = slices.Clone(m.Documents)
	}
	return m
}

func clonePages(p *Pages) *Pages {
	if p = cloned(p); p != nil {
		p.Saved, p.Over, p.Draft = slices.Clone(p.Saved), maps.Clone(p.Over), cloneMap(p.Draft)
	}
	return p
}

func cloneUndo(u *Undo) *Undo {
	if u = cloned(u); u != nil {
		u.Notices = slices.Clone(u.Notices)
		b := &u.Before
		b.Snapshot, b.Wrote, b.Context, b.Documents = cloneSnapshot(b.Snapshot), slices.Clone(b.Wrote), cloneMap(b.Context), cloneDocuments(b.Documents)
		b.Incidents, b.Parked, b.Message, b.SLA, b.Proposed = cloneIncidents(b.Incidents), cloneParked(b.Parked), cloneMessage(b.Message), cloned(b.SLA), cloneProposal(b.Proposed)
		b.Snooze, b.Escalation = cloned(b.Snooze), cloned(b.Escalation)
		b.Former = cloneFormer(b.Former)
	}
	return u
}

func cloneProposal(p *Proposal) *Proposal {
	p = cloned(p)
	if p != nil {
		p.Behind, p.Hits = slices.Clone(p.Behind), slices.Clone(p.Hits)
	}
	return p
}

func cloneFormer(former []FormerHits) []FormerHits {
	return each(former, func(f *FormerHits) {
		f.Hits = each(f.Hits, func(hit *map[string]any) { *hit = cloneMap(*hit) })
	})
}

func cloneDocuments(documents []Document) []Document {
	return each(documents, func(d *Document) {
		d.Properties, d.Checks, d.Decision = cloneMap(d.Properties), cloneMap(d.Checks), cloned(d.Decision)
	})
}

func cloneReads(reads map[string]Read) map[string]Read {
	reads = maps.Clone(reads)
	for work, read := range reads {
		if read.Used = cloned(read.Used); read.Used != nil {
			read.Used.Context = each(read.Used.Context, func(path *[]string) { *path = slices.Clone(*path) })
			reads[work] = read
		}
	}
	return reads
}

func cloneParked(parked map[string]Park) map[string]Park {
	parked = maps.Clone(parked)
	for region, park := range parked {
		park.Position = clonePosition(park.Position)
		parked[region] = park
	}
	return parked
}

func clonePosition(p statechart.Position) statechart.Position {
	p.Within = slices.Clone(p.Within)
	p.Regions = each(p.Regions, func(r *statechart.Position) { *r = clonePosition(*r) })
	if p.Outer != nil {
		p.Outer = new(clonePosition(*p.Outer))
	}
	return p
}

// cloneMap copies an object as it is read from JSON.
func cloneMap(object map[string]any) map[string]any {
	object = maps.Clone(object)
	for name, value := range object {
		switch value.(type) {
		case map[string]any, []any:
			object[name] = cloneJSON(value)
		}
	}
	return object
}

func cloneJSON(value any) any {
	switch value := value.(type) {
	case map[string]any:
		return cloneMap(value)
	case []any:
		return each(value, func(element *any) { *element = cloneJSON(*element) })
	default:
		return value
	}
}

func cloneIncidents(incidents []Incident) []Incident {
	return each(incidents, func(i *Incident) { i.Then = slices.Clone(i.Then) })
}
