package cases

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"
)

// A commit is one transaction, and the real store writes at most 100 items in one. What there can be many of goes into
// one effect and is taken apart when it is delivered: all children that are called off, and events for subscribers when
// there are more of them than usual.
const (
	singlePublishes  = 8   // events of one commit that have an effect of their own
	maxGrouped       = 200 // events or children of one effect
	cancelledAtOnce  = 8   // children that are called off side by side
	eventNumberStart = 1
)

// Published is an event for subscribers.
type Published struct {
	ID   string         `json:"id,omitempty"` // of the webhook's message: set when the effect is taken apart
	Type string         `json:"type"`
	Data map[string]any `json:"data,omitempty"`
}

// Published are the events of a publish effect, each with an id of its own that stays the same for every delivery.
func (e Effect) Published() []Published {
	if len(e.Events) == 0 {
		return []Published{{ID: e.ID(), Type: e.Type, Data: e.Data}}
	}
	events := slices.Clone(e.Events)
	for i := range events {
		events[i].ID = e.ID() + "/" + strconv.Itoa(i+eventNumberStart)
	}
	return events
}

// Cancels are the children that a cancel effect calls off.
func (e Effect) Cancels() []string {
	if len(e.Names) == 0 {
		return []string{e.Name}
	}
	return e.Names
}

// groupEffects brings the effects of a commit down to what fits into a transaction.
func (d *draft) groupEffects() {
	var kept []Effect
	var children []string
	var events []Published
	publishes := 0
	for _, e := range d.effects {
		switch e.Kind {
		case EffectCancel:
			children = append(children, e.Cancels()...)
			continue
		case EffectPublish:
			if publishes++; publishes > singlePublishes {
				events = append(events, Published{Type: e.Type, Data: e.Data})
				continue
			}
		}
		kept = append(kept, e)
	}
	for part := range slices.Chunk(children, maxGrouped) {
		if len(part) == 1 {
			kept = append(kept, Effect{Kind: EffectCancel, Name: part[0]})
			continue
		}
		kept = append(kept, Effect{Kind: EffectCancel, Names: part})
	}
	for part := range slices.Chunk(events, maxGrouped) {
		kept = append(kept, Effect{Kind: EffectPublish, Type: part[0].Type, Events: part})
	}
	d.effects = kept
}

// CancelChildren calls child cases off; those that have ended are left as they are. What fails does not keep the others.
func (s *Service) CancelChildren(ctx context.Context, tenant string, ids ...string) error {
	failures := make([]error, len(ids))
	var running errgroup.Group
	running.SetLimit(cancelledAtOnce)
	for i, id := range ids {
		running.Go(func() error {
			failures[i] = s.CancelChild(ctx, tenant, id)
			return nil
		})
	}
	_ = running.Wait() // the functions report through failures
	return errors.Join(failures...)
}

// NewTerms are the hashes that a change adds to what a case is found by.
func NewTerms(change Change) []string {
	var added []string
	before := change.Before.Indexed()
	for _, hash := range change.Next.Indexed() {
		if _, was := slices.BinarySearch(before, hash); !was {
			added = append(added, hash)
		}
	}
	return added
}
