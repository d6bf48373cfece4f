package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/identity"
)

// User is a person of the back office as others see them.
type User struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Roles []string `json:"roles" nullable:"false"`
}

// Me is who calls, and what they may do.
type Me struct {
	User        User                  `json:"user"`
	Tenant      string                `json:"tenant"`
	Permissions []identity.Permission `json:"permissions" nullable:"false"`
}

func userShape(p identity.Person) User {
	return User{ID: p.ID, Name: p.Name, Email: p.Email, Roles: list(p.Roles)}
}

func (s *server) registerPeople(api huma.API) {
	add(s, api, op(Review, "getMe", "GET", "/v1/me", "Get the current user with permissions"), func(c ctx, _ *none) (*noStore[Me], error) {
		p := principalOf(c)
		person, err := s.People.Register(c, p)
		if err != nil {
			return nil, err
		}
		return &noStore[Me]{"no-store", Me{User: userShape(person), Tenant: p.Tenant, Permissions: identity.Held(p)}}, nil
	})
	add(s, api, op(Review, "listUsers", "GET", "/v1/users", "List users of the back office, by name"), func(c ctx, _ *none) (*body[List[User]], error) {
		people, err := s.People.List(c, principalOf(c).Tenant)
		people, lost := readable(s, c, "listUsers", people, func(p identity.Person) string { return lostIn(p.Unreadable, p.ID) })
		return wholeList(each(people, userShape), lost...), err
	})
}
