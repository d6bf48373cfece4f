package local

import (
	"context"
	"io/fs"
	"net/http"

	"ballerine/internal/apidoc"
	"ballerine/internal/apidoc/reference"
	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/identity/issuer"
	"ballerine/internal/local/site"
	dashboard "ballerine/web/dashboard"
)

// dashboardClient is what the dashboard is called at the sign-in.
const dashboardClient = "ballerine-dashboard"

// NoDashboard states what is missing when there are no pages to serve.
const NoDashboard = "The dashboard was not built: install Node.js 20.19 or newer, run `make web` and start again. The API works without it."

// HasDashboard reports whether the dashboard's pages are in this program.
func HasDashboard() bool {
	_, built := dashboard.Files()
	return built
}

// CaseToDecide is the newest case of the demo that waits for a decision; "" for none.
func (s *Stack) CaseToDecide(ctx context.Context) string {
	page, err := s.Core.Cases.List(ctx, identity.Principal{Tenant: DemoTenant, Kind: identity.User, ID: "dev"}, cases.Query{
		Tags: []string{cases.TagReview}, Status: cases.StatusActive, Order: cases.NewestFirst, Limit: 1,
	})
	if err != nil || len(page.Records) == 0 {
		return "" // it is only where to begin
	}
	return page.Records[0].ID
}

// pages adds the dashboard to the address, and the API behind it.
func (s *Stack) pages(mux *http.ServeMux, api http.Handler) error {
	var files fs.FS
	if built, ok := dashboard.Files(); ok {
		files = built
	}
	pages, err := site.New(files, site.Config{Issuer: s.URL, Client: dashboardClient, Demo: true, Version: s.options.Version, Logout: "oidc"}, NoDashboard)
	if err != nil {
		return err
	}
	pages.Register(mux)
	site.Reference(mux, func() (map[string][]byte, error) {
		document, err := apidoc.JSON(s.URL)
		if err != nil {
			return nil, err
		}
		return reference.Files(document)
	})
	mux.Handle("/", pages.Fallback(api))
	return nil
}

// provider is the sign-in of this machine.
func (s *Stack) provider() http.Handler {
	var people []issuer.DemoPerson
	for _, person := range demoPeople {
		people = append(people, issuer.DemoPerson{Name: person.name, Email: person.email, Password: demoPassword, Role: person.role})
	}
	return issuer.NewProvider(issuer.ProviderConfig{
		Issuer: s.issuer, Client: dashboardClient, Tenant: DemoTenant, People: s.stores.keys, Grants: s.db.Grants(),
		Session: s.options.Session, Demo: people, Now: s.options.Now, Logger: s.options.Logger,
	}).Handler()
}
