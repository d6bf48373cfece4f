package cases

import (
	"context"
	"encoding/json"
	"maps"
)

// Bounds of what a parent stores of its children's contexts. A small result is stored in the record; a larger one is
// stored beside it, as an item of its own, and the record has its size and digest. Guards, policies and pages see it as
// if it were part of the record. A result that is larger than a case may have is left out, and the child is marked
// accordingly: to whatever reads it, it is missing.
const (
	inlineResult = 512      // bytes of a result that is stored in the record
	MaxResult    = 64 << 10 // bytes of one child's result
	MaxResults   = 4 << 20  // bytes of all results of one piece of work
	maxReports   = 40       // reports that one commit takes: each can bring a result
)

// aside states that a child's result is stored beside the record.
type aside struct {
	Bytes   int    `json:"bytes"`
	Digest  string `json:"digest"`
	Omitted bool   `json:"omitted,omitempty"` // it is larger or deeper than a case can keep: it is nowhere
}

// ChildResult is a child's result as it is kept beside its parent's record.
type ChildResult struct {
	Child string         `json:"child"`
	Data  map[string]any `json:"data"`
}

// setAside decides where the result of a child is kept.
func (d *draft) setAside(group children, id string, child *Child) error {
	text, err := json.Marshal(child.Result)
	deep := levelsOf(child.Result) > maxLevels/2
	if err != nil || len(text) <= inlineResult && !deep {
		return err
	}
	child.Aside = &aside{Bytes: len(text)}
	if child.Aside.Digest, err = digest("", child.Result); err != nil {
		return err
	}
	sum := len(text)
	for other, c := range group.Cases {
		if other != id && c.Aside != nil && !c.Aside.Omitted {
			sum += c.Aside.Bytes
		}
	}
	if len(text) > MaxResult || sum > MaxResults || deep {
		child.Aside.Omitted, child.Result = true, nil
		return nil
	}
	d.results = append(d.results, ChildResult{id, child.Result})
	return nil
}

// slim is the record as it is stored: without the results that are kept beside it.
func (r Record) slim() Record {
	r.Context = eachAside(r.Context, func(_ string, child map[string]any) { delete(child, "result") })
	if r.Undo != nil && r.Undo.Before.Context != nil {
		undo := *r.Undo
		undo.Before.Context = eachAside(undo.Before.Context, func(_ string, child map[string]any) { delete(child, "result") })
		r.Undo = &undo
	}
	return r
}

// whole is slim's opposite: it fetches what is kept beside the record, where there is any.
func (s *Service) whole(ctx context.Context, r Record) (Record, error) {
	asides := false
	eachAside(r.Context, func(string, map[string]any) { asides = true })
	if !asides {
		return r, nil
	}
	kept, err := s.Store.Results(ctx, r.Tenant, r.ID)
	if err != nil {
		return r, err
	}
	results := make(map[string]map[string]any, len(kept))
	for _, result := range kept {
		results[result.Child] = result.Data
	}
	fill := func(id string, child map[string]any) {
		if data, ok := results[id]; ok {
			child["result"] = data
		}
	}
	r.Context = eachAside(r.Context, fill)
	if r.Undo != nil && r.Undo.Before.Context != nil {
		undo := *r.Undo
		undo.Before.Context = eachAside(undo.Before.Context, fill)
		r.Undo = &undo
	}
	return r, nil
}

// read is a record as the domain sees it. Errors: NotFound.
func (s *Service) read(ctx context.Context, tenant, id string) (Record, error) {
	record, err := s.Store.Get(ctx, tenant, id)
	if err != nil {
		return record, err
	}
	return s.whole(ctx, record)
}

// eachAside lets change see every child of a context whose result is kept beside the record, in a copy.
func eachAside(context map[string]any, change func(id string, child map[string]any)) map[string]any {
	groups, _ := context["children"].(map[string]any)
	var written map[string]any // the copy of groups, once something has changed
	for work, value := range groups {
		group, _ := value.(map[string]any)
		known, _ := group["cases"].(map[string]any)
		var copied map[string]any
		for id, value := range known {
			child, _ := value.(map[string]any)
			aside, _ := child["aside"].(map[string]any)
			if aside == nil || aside["omitted"] == true {
				continue
			}
			if copied == nil {
				copied = maps.Clone(known)
			}
			child = maps.Clone(child)
			change(id, child)
			copied[id] = child
		}
		if copied == nil {
			continue
		}
		if written == nil {
			written = maps.Clone(groups)
		}
		group = maps.Clone(group)
		group["cases"] = copied
		written[work] = group
	}
	if written == nil {
		return context
	}
	context = maps.Clone(context)
	context["children"] = written
	return context
}
