package registry

import (
	"context"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/problem"
)

// Settings define how a tenant publishes. Each change is a version of its own, which is never changed.
type Settings struct {
	Tenant     string    `json:"tenant"`
	Version    int       `json:"version"` // 1: as every tenant begins; it is not kept
	FourEyes   bool      `json:"four_eyes"`
	Comment    string    `json:"comment,omitempty"`
	ChangedAt  time.Time `json:"changed_at,omitzero"`   // zero: never
	ChangedBy  string    `json:"changed_by,omitempty"`  // with four eyes: the person who proposed it
	ApprovedBy string    `json:"approved_by,omitempty"` // with four eyes: who approved it
	Proposal   string    `json:"proposal,omitempty"`    // with four eyes
}

// ChangeSettings is how a tenant wants to publish.
type ChangeSettings struct {
	Seen     int // the version that was read
	FourEyes bool
	Comment  string
	Proposal string // id of the proposal, should it become one; "" makes one
}

// FourEyes returns a function that reports whether publishing in a tenant requires two people. Without a store there are no publications.
func FourEyes(store Store) func(ctx context.Context, tenant string) (bool, error) {
	return func(ctx context.Context, tenant string) (bool, error) {
		if store == nil {
			return false, nil
		}
		settings, err := settingsOf(ctx, store, tenant)
		return settings.FourEyes, err
	}
}

func settingsOf(ctx context.Context, store Store, tenant string) (Settings, error) {
	settings, err := store.Settings(ctx, tenant)
	if problem.CodeOf(err) == problem.NotFound {
		return Settings{Tenant: tenant, Version: 1}, nil
	}
	return settings, err
}

// Settings reads how a tenant publishes.
func (p *Publisher) Settings(ctx context.Context, tenant string) (Settings, error) {
	return settingsOf(ctx, p.Store, tenant)
}

// ChangeSettings changes how a tenant publishes, unless the settings are the same already. Turning four eyes off
// requires a second person, too: the answer is a proposal then. Errors: PreconditionRequired, Stale (Details "settings"
// has the present ones), Invalid, Forbidden, Conflict.
func (p *Publisher) ChangeSettings(ctx context.Context, who identity.Principal, cmd ChangeSettings) (Settings, *Proposal, error) {
	now, err := p.seen(ctx, who, cmd)
	if cmd.made(now, who) {
		return now, nil, nil // the call is a repetition
	}
	if err != nil || now.FourEyes == cmd.FourEyes {
		return now, nil, err
	}
	if now.FourEyes {
		proposal := Proposal{ID: cmd.Proposal, Comment: cmd.Comment, Settings: &ProposedSettings{Base: now.Version, FourEyes: cmd.FourEyes}}
		proposal, err = p.propose(ctx, who, proposal)
		return now, &proposal, err
	}
	next := Settings{Tenant: who.Tenant, Version: now.Version + 1, FourEyes: cmd.FourEyes, Comment: cmd.Comment, ChangedAt: p.now(), ChangedBy: who.ID}
	return next, nil, p.Store.PutSettings(ctx, next)
}

// made reports whether settings are the result of applying the command to those that its caller has seen.
func (cmd ChangeSettings) made(now Settings, who identity.Principal) bool {
	return cmd.Seen > 0 && now.Version == cmd.Seen+1 && now.ChangedBy == who.ID && now.FourEyes == cmd.FourEyes && now.Comment == cmd.Comment && now.Proposal == ""
}

// seen reads the settings, which must be those that the caller has seen.
func (p *Publisher) seen(ctx context.Context, who identity.Principal, cmd ChangeSettings) (Settings, error) {
	if len(cmd.Comment) > maxComment {
		return Settings{}, commentTooLong()
	}
	if cmd.Seen == 0 {
		return Settings{}, problem.New(problem.PreconditionRequired, "Send the version of the settings that the change is based on.").With("header.If-Match", "required", "send the ETag of the settings as If-Match")
	}
	now, err := p.Settings(ctx, who.Tenant)
	if err != nil || now.Version == cmd.Seen {
		return now, err
	}
	return now, problem.New(problem.Stale, "The settings have changed since they were read.").With("header.If-Match", "stale", "another user has changed them").
		Detail("settings", map[string]any{"version": now.Version, "four_eyes": now.FourEyes, "changed_by": now.ChangedBy, "changed_at": now.ChangedAt})
}
