package local

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"ballerine/internal/identity"
	"ballerine/internal/identity/issuer"
	"ballerine/internal/local/demolist"
	"ballerine/internal/problem"
	"ballerine/internal/watchlists"
)

// DemoTenant is the tenant of the data folder.
const DemoTenant = "demo"

// Demo is what a person needs to try the system out. Its form is a contract of the command line.
type Demo struct {
	Tenant string     `json:"tenant"`
	APIKey string     `json:"api_key"`
	Users  []DemoUser `json:"users"`
}

// DemoUser is a person of the demo tenant.
type DemoUser struct {
	Email    string   `json:"email"`
	Password string   `json:"password"`
	Roles    []string `json:"roles"`
	Token    string   `json:"token"` // of this start, good for some hours
}

var demoPeople = []struct{ name, email, role string }{
	{"Ada Admin", "admin@demo.test", "admin"},
	{"Mara Manager", "manager@demo.test", "manager"},
	{"Rita Reviewer", "reviewer@demo.test", "reviewer"},
	{"Robin Reviewer", "reviewer2@demo.test", "reviewer"},
	{"Otto Auditor", "auditor@demo.test", "auditor"},
	{"Dana Developer", "developer@demo.test", "developer"},
}

// demoPassword of all demo people; the address is on this machine only.
const demoPassword = "demo"

// demo makes the demo tenant's key and people, once, and signs the people in.
func (s *Stack) demo(ctx context.Context) error {
	if err := s.demoKey(ctx); err != nil {
		return err
	}
	s.Demo = Demo{Tenant: DemoTenant, APIKey: s.secrets.DemoKey}
	for i, person := range demoPeople {
		user := identity.Person{
			ID: fmt.Sprintf("user_%s%d", person.role, i), Tenant: DemoTenant, Email: person.email, Name: person.name,
			Roles: []string{person.role}, CreatedAt: s.options.Now().UTC(), UpdatedAt: s.options.Now().UTC(),
		}
		if err := s.demoPerson(ctx, user); err != nil {
			return err
		}
		token, _, err := s.issuer.MintSession(user, issuer.Session{Use: "id", SignedIn: s.options.Now(), Expiry: demoToken})
		if err != nil {
			return err
		}
		s.Demo.Users = append(s.Demo.Users, DemoUser{Email: user.Email, Password: demoPassword, Roles: user.Roles, Token: token})
	}
	if err := s.demoList(ctx); err != nil {
		return err
	}
	return s.writeEnvironment()
}

// demoList loads the list of invented people where the tenant has no watch list.
func (s *Stack) demoList(ctx context.Context) error {
	if s.options.noList {
		return nil
	}
	lists := watchlists.Service{Objects: s.Core.Files, Now: s.options.Now, NewID: s.Core.NewID}
	loader := identity.Principal{Tenant: DemoTenant, Kind: identity.System, ID: "dev", Name: "ballerine dev"}
	_, err := lists.Begin(ctx, loader, demolist.List())
	return err
}

// demoToken is how long the tokens are good that are printed for scripts; those of the sign-in are short.
const demoToken = 8 * time.Hour

// demoPerson makes a demo person who does not exist yet.
// demoHash is made once: everybody knows the demo's password, and hashing it takes its time on purpose.
var demoHash = sync.OnceValues(func() (string, error) { return issuer.HashPassword(demoPassword) })

func (s *Stack) demoPerson(ctx context.Context, user identity.Person) error {
	there, err := s.stores.keys.User(ctx, DemoTenant, user.ID)
	if err != nil && problem.CodeOf(err) != problem.NotFound {
		return err
	}
	if err == nil && there.PasswordHash != "" {
		return nil
	}
	if user.PasswordHash, err = demoHash(); err != nil {
		return err
	}
	user.TokenAt = there.TokenAt
	return s.stores.keys.PutUser(ctx, user)
}

func (s *Stack) demoKey(ctx context.Context) error {
	if s.secrets.DemoKey != "" {
		return nil
	}
	keys := identity.NewKeys(identity.KeysConfig{Store: s.stores.keys, Now: s.options.Now})
	admin := identity.Principal{Tenant: DemoTenant, Kind: identity.User, ID: "user_admin0", Roles: []string{"admin"}}
	_, text, err := keys.Create(ctx, admin, identity.CreateKey{Name: "demo"})
	if err != nil {
		return err
	}
	s.secrets.DemoKey = text
	return s.secrets.save()
}

// writeEnvironment writes what the README's walk-through and the guides need into a file that a shell can read.
func (s *Stack) writeEnvironment() error {
	text := fmt.Sprintf("# Written by `ballerine dev` at %s; valid while it runs.\nexport API=%s\nexport KEY=%s\n", s.options.Now().UTC().Format(time.RFC3339), s.URL, s.Demo.APIKey)
	for i, person := range demoPeople { // tokens by the local part of the address: REVIEWER2 is the second pair of eyes
		name, _, _ := strings.Cut(person.email, "@")
		text += fmt.Sprintf("export %s=%s\n", strings.ToUpper(name), s.Demo.Users[i].Token)
	}
	text += "export BALLERINE_ENDPOINT=$API BALLERINE_API_KEY=$KEY\n"
	return writeWhole(filepath.Join(s.options.Data, "demo.env"), []byte(text))
}

// DemoPerson is one of the demo people as a principal; of an unknown address, nobody.
func DemoPerson(email string) identity.Principal {
	for i, person := range demoPeople {
		if person.email == email {
			return identity.Principal{
				Tenant: DemoTenant, Kind: identity.User, ID: fmt.Sprintf("user_%s%d", person.role, i),
				Name: person.name, Email: person.email, Roles: []string{person.role},
			}
		}
	}
	return identity.Principal{}
}
