package identity

import (
	"slices"
	"time"
)

// Kind of principal.
type Kind string

// Who can call.
const (
	Client    Kind = "client"    // a customer's system, with an API key
	User      Kind = "user"      // a person of the back office, with a JWT
	Applicant Kind = "applicant" // with a flow token, bound to one case
	Vendor    Kind = "vendor"    // a callback, by signature, bound to one case
	System    Kind = "system"    // the machine's own tasks, schedules and streams
)

// Principal is who acts. Every command and query takes one.
type Principal struct {
	Tenant string   `json:"tenant"`
	Kind   Kind     `json:"kind"`
	ID     string   `json:"id"`               // "key_…", "user_…", "flow_…", plugin id, function name
	Name   string   `json:"name,omitempty"`   // users: from their token; personal data
	Email  string   `json:"email,omitempty"`  // users: from their token, lower case; personal data
	Roles  []string `json:"roles,omitempty"`  // users: admin, manager, reviewer, auditor, developer
	Scopes []string `json:"scopes,omitempty"` // clients: what the key may do; empty: all permissions of clients
	Case   string   `json:"case,omitempty"`   // applicants and vendors: the only case they can see
	// IssuedAt is when a user's token was made; zero: it does not state that.
	IssuedAt time.Time `json:"issued_at,omitzero"`
	By       string    `json:"by,omitempty"` // applicants: the person who has made their token; "": a client's key
}

// SystemOf is the principal of the machine's own work for a tenant.
func SystemOf(tenant, name string) Principal {
	return Principal{Tenant: tenant, Kind: System, ID: name}
}

// Whole reports whether a principal is one that a credential can represent: of a kind that calls the interface, with all
// that the kind needs and nothing that belongs to another.
func (p Principal) Whole() bool {
	if p.Tenant == "" || p.ID == "" || p.By != "" && p.Kind != Applicant {
		return false
	}
	switch p.Kind {
	case Client:
		return p.Case == "" && len(p.Roles) == 0
	case User:
		return p.Case == "" && len(p.Scopes) == 0
	case Applicant:
		return p.Case != "" && len(p.Roles) == 0 && len(p.Scopes) == 0
	}
	return false
}

// HasRole reports whether one of the roles is held.
func (p Principal) HasRole(role string) bool { return slices.Contains(p.Roles, role) }
