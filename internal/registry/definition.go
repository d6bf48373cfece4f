package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"ballerine/internal/workflow"
)

// Kind of a definition.
type Kind string

// The kinds.
const (
	Workflow Kind = "workflow"
	Policy   Kind = "policy"
	Plugin   Kind = "plugin"
)

// kinds are all of them, in the order in which one may name another: workflows name policies and plugins.
func kinds() []Kind { return []Kind{Policy, Plugin, Workflow} }

// MaxSource bounds a document, in bytes: what one call can carry to a Lambda function, where a body of up to 6 MB arrives
// with its quotes escaped twice.
const MaxSource = 5 << 20

// Definition is one version of a workflow, a policy or a plugin. It is never changed.
type Definition struct {
	Tenant      string    `json:"tenant,omitempty"` // "" when it ships with the software
	Kind        Kind      `json:"kind"`
	ID          string    `json:"id"`
	Version     int       `json:"version"`
	Title       string    `json:"title,omitempty"`
	Digest      string    `json:"digest"` // "sha256:…" of Source
	Source      string    `json:"source,omitempty"`
	Machine     string    `json:"machine,omitempty"` // of a workflow: what executions of this version run
	Express     string    `json:"express,omitempty"` // of a workflow without waits: what decisions run
	Comment     string    `json:"comment,omitempty"`
	PublishedAt time.Time `json:"published_at,omitzero"`  // zero: it ships with the software
	PublishedBy string    `json:"published_by,omitempty"` // with four eyes: the person who proposed it
	ApprovedBy  string    `json:"approved_by,omitempty"`  // with four eyes: the second person
	Proposal    string    `json:"proposal,omitempty"`     // with four eyes: its id
	Unreadable  bool      `json:"-"`                      // exists but cannot be read: only its place is known

	// Plugins are of a workflow: what its machines were compiled with, by the plugin's id. nil: it names none, or was published
	// before this was kept.
	Plugins map[string]workflow.Plugin `json:"plugins,omitempty" hidden:"true" doc:"of a workflow: what its state machines were made with, by plugin; never in a workspace"`
}

// UnreadableDefinition represents a version in lists that exists but cannot be decoded.
func UnreadableDefinition(tenant string, kind Kind, id string, version int) Definition {
	return Definition{Tenant: tenant, Kind: kind, ID: id, Version: version, Unreadable: true}
}

// Store keeps definitions, proposals of them, and how tenants publish. The behaviour is defined by internal/store/storetest, which runs against every adapter.
type Store interface {
	// PutDefinition adds a version. Errors: Conflict if this version already exists.
	PutDefinition(ctx context.Context, d Definition) error
	// Definition reads a version; 0 is the newest, read consistently. Errors: NotFound.
	Definition(ctx context.Context, tenant string, kind Kind, id string, version int) (Definition, error)
	// Definitions are all versions of a kind, or of one id of it if that is set, by id and then the newest first. They come
	// without their sources; one that cannot be decoded as an UnreadableDefinition.
	Definitions(ctx context.Context, tenant string, kind Kind, id string) ([]Definition, error)

	// PutSettings adds a version of a tenant's settings. Errors: Conflict if this version already exists.
	PutSettings(ctx context.Context, s Settings) error
	// Settings reads the newest version, consistently. Errors: NotFound.
	Settings(ctx context.Context, tenant string) (Settings, error)

	// AddProposal adds an open proposal with the sources of its documents. Errors: Conflict if its id already exists.
	AddProposal(ctx context.Context, p Proposal) error
	// Proposal reads a proposal with its sources, consistently. Errors: NotFound.
	Proposal(ctx context.Context, tenant, id string) (Proposal, error)
	// Proposals are a page, the newest (by id) first, without their sources. A page may be short, or empty, and not be the
	// last: next is "" only there.
	Proposals(ctx context.Context, tenant string, query ProposalQuery) (page []Proposal, next string, err error)
	// DecideProposal records how an open proposal has ended, and what it has become: all of it or nothing. Errors: Conflict
	// if it is no longer open, or one of the versions already exists.
	DecideProposal(ctx context.Context, p Proposal, made []Definition, settings *Settings) error
}

// NewestFirst orders by id, and the versions of one the newest first.
func NewestFirst(a, b Definition) int {
	if c := strings.Compare(a.ID, b.ID); c != 0 {
		return c
	}
	return b.Version - a.Version
}

func digestOf(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// bare is a definition without its source.
func (d Definition) bare() Definition {
	d.Source = ""
	return d
}
