package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"ballerine/internal/problem"
)

// Directory knows the people of the back office: everyone who signs in is registered, so that others can assign work to them.
type Directory struct {
	Store Store
	Now   func() time.Time
}

// Register records what a person's token states about them, unless a newer token differs: a role that was removed does
// not come back with an older token. What else is stored about them stays. Errors: Forbidden for somebody who was
// disabled.
func (d *Directory) Register(ctx context.Context, p Principal) (Person, error) {
	there, err := d.Store.User(ctx, p.Tenant, p.ID)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return Person{}, err
	}
	if there.Disabled {
		return Person{}, problem.New(problem.Forbidden, "The account is disabled.")
	}
	if p.IssuedAt.Before(there.TokenAt) {
		return there, nil
	}
	now := d.Now().UTC()
	next := there
	next.ID, next.Tenant, next.Roles, next.TokenAt = p.ID, p.Tenant, p.Roles, p.IssuedAt
	if p.Email != "" {
		next.Email = p.Email
	}
	if p.Name != "" {
		next.Name = p.Name
	}
	if there.ID != "" && there.Email == next.Email && there.Name == next.Name && there.TokenAt.Equal(next.TokenAt) && slices.Equal(there.Roles, next.Roles) {
		return there, nil
	}
	if next.UpdatedAt = now; there.ID == "" {
		next.CreatedAt = now
	}
	err = d.Store.PutUser(ctx, next)
	if problem.CodeOf(err) == problem.AlreadyExists { // another account has the address: known without it
		next.Email = there.Email
		err = d.Store.PutUser(ctx, next)
	}
	if problem.CodeOf(err) == problem.Conflict { // a newer token came first
		return d.Store.User(ctx, p.Tenant, p.ID)
	}
	return next, err
}

// NewerToken is what stores answer when what is kept of a person is of a newer token than what is to be written.
func NewerToken() *problem.Error {
	return problem.New(problem.Conflict, "The stored profile of the user is from a newer token.")
}

// List returns the people that are not disabled, by name.
func (d *Directory) List(ctx context.Context, tenant string) ([]Person, error) {
	people, err := d.Store.Users(ctx, tenant)
	people = slices.DeleteFunc(people, func(p Person) bool { return p.Disabled })
	slices.SortFunc(people, func(a, b Person) int {
		return strings.Compare(strings.ToLower(a.Name)+a.ID, strings.ToLower(b.Name)+b.ID)
	})
	return people, err
}

// Knows reports whether cases can be assigned to a person.
func (d *Directory) Knows(ctx context.Context, tenant, id string) (bool, error) {
	return d.may(ctx, tenant, id, CasesWrite)
}

// Reads reports whether a person may read what is written about cases.
func (d *Directory) Reads(ctx context.Context, tenant, id string) (bool, error) {
	return d.may(ctx, tenant, id, CasesPersonal)
}

func (d *Directory) may(ctx context.Context, tenant, id string, permission Permission) (bool, error) {
	person, err := d.Store.User(ctx, tenant, id)
	if problem.CodeOf(err) == problem.NotFound {
		return false, nil
	}
	if err != nil || person.Disabled {
		return false, err
	}
	return grants[permission].allows(Principal{Tenant: tenant, Kind: User, Roles: person.Roles}, permission), nil
}
