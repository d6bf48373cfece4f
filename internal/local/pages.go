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
	"ballerine/internal/statechart"
	dashboard "ballerine/web/dashboard"
	applicants "ballerine/web/flow"
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

// NoApplicants states what is missing when there are no pages for applicants.
const NoApplicants = "The applicants' pages were not built: install Node.js 20.19 or newer, run `make web` and start again. The API works without them."

// ApplicantPages are where applicants fill in their pages; "" when these are not in this program. Their token goes behind #token=.
func (s *Stack) ApplicantPages() string {
	if _, built := applicants.Files(); !built {
		return ""
	}
	return s.URL + "/flow/"
}

// CaseToFillIn is the newest case of the demo that waits for its applicant; "" for none.
func (s *Stack) CaseToFillIn(ctx context.Context) string { return s.newest(ctx, statechart.TagCollect) }

// CaseToDecide is the newest case of the demo that waits for a decision; "" for none.
func (s *Stack) CaseToDecide(ctx context.Context) string { return s.newest(ctx, cases.TagReview) }

func (s *Stack) newest(ctx context.Context, tag string) string {
	page, err := s.Core.Cases.List(ctx, identity.Principal{Tenant: DemoTenant, Kind: identity.User, ID: "dev"}, cases.Query{
		Tags: []string{tag}, Status: cases.StatusActive, Order: cases.NewestFirst, Limit: 1,
	})
	if err != nil || len(page.Records) == 0 {
		return "" // it is only where to begin
	}
	return page.Records[0].ID
}

// pages adds the dashboard and the applicants' pages to the address, and the API behind them.
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
	files = nil
	if built, ok := applicants.Files(); ok {
		files = built
	}
	if err := site.Applicants(mux, files, NoApplicants); err != nil {
		return err
	}
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
