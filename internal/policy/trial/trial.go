package trial

import (
	"context"
	"time"
)

// Kind of a trial.
type Kind string

// The kinds.
const (
	Shadow     Kind = "shadow"     // decides along; the live version's decision counts
	Challenger Kind = "challenger" // decides for a share of subjects
)

// Status of a trial.
type Status string

// The statuses.
const (
	Proposed Status = "proposed" // waits for another person's approval
	Running  Status = "running"
	Ended    Status = "ended"
	Outdated Status = "outdated" // another version is live: it no longer takes part
)

// Trial is a draft beside the live version of a policy. Draft, kind, share and base never change.
type Trial struct {
	ID         string `json:"id"` // "trial_" + ULID
	Tenant     string `json:"tenant"`
	Policy     string `json:"policy"`
	Kind       Kind   `json:"kind"`
	Share      int    `json:"share,omitempty"` // of a challenger: of 10,000 subjects, how many it decides for
	Base       int    `json:"base"`            // the live version that it is compared with
	BaseDigest string `json:"base_digest"`     // "sha256:…" of that version's source
	Digest     string `json:"digest"`          // "sha256:…" of Source
	Source     string `json:"source,omitempty"`
	Comment    string `json:"comment,omitempty"`

	Status     Status    `json:"status"`
	ProposedAt time.Time `json:"proposed_at"`
	ProposedBy string    `json:"proposed_by"`
	Behind     []string  `json:"behind,omitempty"`      // if proposed with a key: people who may know its secret, and so cannot approve either
	ApprovedBy string    `json:"approved_by,omitempty"` // where that is needed
	StartedAt  time.Time `json:"started_at,omitzero"`   // zero: it never ran
	EndedAt    time.Time `json:"ended_at,omitzero"`
	EndedBy    string    `json:"ended_by,omitempty"` // "": another version was published
	Revision   int       `json:"revision"`           // 1 when it is new; each write adds 1
	Unreadable bool      `json:"-"`                  // exists but cannot be decoded: only its place is known
}

// Unreadable represents a trial in lists that exists but cannot be decoded.
func Unreadable(tenant, policy, id string) Trial {
	return Trial{Tenant: tenant, Policy: policy, ID: id, Unreadable: true}
}

// Store keeps trials. The behaviour is defined by internal/store/storetest, which runs against every adapter.
type Store interface {
	// PutTrial writes a trial over one that is still at revision prev; 0: it is new. A running trial occupies the place of
	// its kind beside its policy; one that no longer runs leaves it. Errors: AlreadyExists if another trial has that place;
	// Conflict if another write came first.
	PutTrial(ctx context.Context, prev int, t Trial) error
	// Trial reads one with its source. Errors: NotFound.
	Trial(ctx context.Context, tenant, policy, id string) (Trial, error)
	// Trials lists those of a policy without their sources, the newest first; one that cannot be decoded as Unreadable makes it.
	// next is "" after the last page.
	Trials(ctx context.Context, tenant, policy, after string, limit int) (page []Trial, next string, err error)
	// RunningTrials are those that have a place beside a policy, without their sources: at most one of each kind. It is
	// read consistently, and fails when one cannot be decoded: whether it decides is not known.
	RunningTrials(ctx context.Context, tenant, policy string) ([]Trial, error)
}

// maxShare is the largest share of a challenger: what decides for more than half is no longer tried beside the live version.
const maxShare = 5000
