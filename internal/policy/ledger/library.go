package ledger

import (
	"context"
	"maps"

	"ballerine/internal/cache"
	"ballerine/internal/policy/rules"
	"ballerine/internal/problem"
)

// Lists opens editions of a tenant's lists.
type Lists = rules.Lists

// Library is where a tenant's policies and lists are, for as long as a context lives.
func (l *Ledger) Library(ctx context.Context, tenant string) rules.Library {
	return rules.NewLibrary(ctx, tenant, l.Policies, l.Lists)
}

// seen is what a decision saw besides its input.
func (h Head) seen() rules.Seen { return rules.Seen{Policies: h.Calls, Editions: h.Editions} }

// remember notes what an evaluation saw besides its input.
func (h *Head) remember(options rules.Options) {
	h.Calls, h.Editions = nil, nil
	for id, p := range options.Policies {
		if h.Calls == nil {
			h.Calls = make(map[string]int, len(options.Policies))
		}
		h.Calls[id] = p.Version
	}
	for name, list := range options.Lists {
		if h.Editions == nil {
			h.Editions = make(map[string]string, len(options.Lists))
		}
		h.Editions[name] = list.Edition()
	}
}

// same reports whether two attempts at a decision saw the same.
func (h Head) same(other Head) bool {
	return h.At.Equal(other.At) && h.Digest == other.Digest && h.Engine == other.Engine && maps.Equal(h.Editions, other.Editions) && maps.Equal(h.Calls, other.Calls) && h.Trial.same(other.Trial)
}

// opened supplies what a draft refers to, as a former decision saw it: lists in their editions of then, so that
// differing outcomes are due to the draft; what that decision did not use, in its newest edition. Each is opened once in
// a run.
type opened struct {
	draft   *rules.Policy
	library rules.Library // nil: drafts that refer to anything cannot be evaluated

	known         *cache.Cache[string, rules.Options]
	hasReferences bool
}

func newOpened(draft *rules.Policy, library rules.Library) *opened {
	return &opened{draft: draft, library: library, known: cache.New[string, rules.Options](maxOpened), hasReferences: draft != nil && len(draft.Lists())+len(draft.Calls()) > 0}
}

// maxOpened bounds how many combinations of editions a run keeps.
const maxOpened = 1000

func (o *opened) options(h *Head) (rules.Options, error) {
	if !o.hasReferences {
		return rules.Options{}, nil
	}
	if o.library == nil {
		return rules.Options{}, problem.New(problem.NotReady, "The draft uses lists or other policies that are not available here.")
	}
	key := editionsKey(h.Editions)
	if options, ok := o.known.Get(key); ok {
		return options, nil
	}
	options, err := o.draft.Open(o.library, rules.Seen{Editions: h.Editions})
	if err != nil {
		return options, err
	}
	o.known.Put(key, options)
	return options, nil
}

func editionsKey(editions map[string]string) string {
	var key []byte
	for _, name := range sorted(editions) {
		key = append(append(append(append(key, name...), 0), editions[name]...), 0)
	}
	return string(key)
}
