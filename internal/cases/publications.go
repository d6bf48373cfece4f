package cases

import (
	"cmp"
	"strings"
	"time"
)

const (
	// PublicationLife is how long events can be read again.
	PublicationLife = 30 * 24 * time.Hour
	// DraftTime bounds how long before it reaches the store a change with events for subscribers may have been prepared:
	// older ones are recomputed, so that no event takes a place in the order that readers have passed. See Store.Settled.
	DraftTime = 2 * time.Second
	// maxPublication is about how many bytes of events are kept in one item.
	maxPublication = 256 << 10
)

// Publication holds the events of one commit, stored so that they can be read again whether or not anybody has
// subscribed. It is written in the commit's transaction. Events that are too large for one item are divided into parts.
type Publication struct {
	Tenant  string      `json:"tenant"`
	Case    string      `json:"case"`
	Version int         `json:"version"`         // of the commit
	Part    int         `json:"part,omitempty"`  // 0, 1, …
	Parts   int         `json:"parts,omitempty"` // how many there are, when there are several
	At      time.Time   `json:"at"`              // when it happened
	Final   time.Time   `json:"final"`           // from when it cannot be undone: At, but for decisions that were held back
	Events  []Published `json:"events"`          // with their ids; none: it was undone
	// Unreadable marks a publication that exists but cannot be decoded: only its place is known. It is never stored.
	Unreadable bool `json:"-"`
}

// UnreadablePublication represents one that exists but cannot be decoded: it does not block the others.
func UnreadablePublication(tenant string, at Place) Publication {
	return Publication{Tenant: tenant, Case: at.Case, Version: at.Version, Part: at.Part, At: at.Final, Final: at.Final, Unreadable: true}
}

// Place is the position of a publication in a tenant's order: by when it was final, then by case, version and part.
type Place struct {
	Final   time.Time
	Case    string
	Version int
	Part    int
}

// Place is where the publication stands.
func (p Publication) Place() Place { return Place{p.Final, p.Case, p.Version, p.Part} }

// Compare orders places.
func (p Place) Compare(other Place) int {
	return cmp.Or(p.Final.Compare(other.Final), strings.Compare(p.Case, other.Case), cmp.Compare(p.Version, other.Version), cmp.Compare(p.Part, other.Part))
}

// Expires is when it can no longer be read.
func (p Publication) Expires() time.Time { return p.Final.Add(PublicationLife) }

// publications are the events of the draft's effects, numbered already.
func (d *draft) publications() (all []Publication) {
	final, size := d.now, 0
	if !d.entry.FinalAt.IsZero() {
		final = d.entry.FinalAt
	}
	for _, e := range d.effects {
		if e.Kind != EffectPublish {
			continue
		}
		for _, event := range e.Published() {
			bytes := roughly(event.Data) + len(event.ID) + len(event.Type) + 32
			if len(all) == 0 || size+bytes > maxPublication {
				all = append(all, Publication{Tenant: e.Tenant, Case: e.Case, Version: e.Version, Part: len(all), At: d.now, Final: final})
				size = 0
			}
			last := &all[len(all)-1]
			last.Events = append(last.Events, event)
			size += bytes
		}
	}
	for i := range all {
		if len(all) > 1 {
			all[i].Parts = len(all)
		}
	}
	return all
}

// retract are the publications of a decision that is taken back, without their events.
func (u *Undo) retract(r Record) (all []Publication) {
	for part := range u.Publications {
		all = append(all, Publication{Tenant: r.Tenant, Case: r.ID, Version: u.Version, Part: part, At: u.At, Final: u.final(), Events: []Published{}})
	}
	return all
}

// final is when the effects of the decision begin to be delivered: it can no longer be undone.
func (u *Undo) final() time.Time { return u.Until.Add(undoMargin) }

// roughly estimates the size of a value as JSON; no part of it is much larger than the estimate.
func roughly(value any) int {
	switch value := value.(type) {
	case string:
		return len(value) + len(value)/8 + 2
	case []string:
		sum := 2
		for _, one := range value {
			sum += len(one) + 3
		}
		return sum
	case []any:
		sum := 2
		for _, one := range value {
			sum += roughly(one) + 1
		}
		return sum
	case map[string]any:
		sum := 2
		for name, one := range value {
			sum += len(name) + 4 + roughly(one)
		}
		return sum
	}
	return 24
}
