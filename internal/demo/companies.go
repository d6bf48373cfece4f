package demo

import (
	"context"
	_ "embed" // the workflows of companies and their owners
	"fmt"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local"
	"ballerine/internal/local/sandbox"
	"ballerine/internal/registry"
)

var (
	//go:embed company.yaml
	companyWorkflow string
	//go:embed owner.yaml
	ownerWorkflow string
)

// publish makes the workflows that the demo has beside those that ship.
func (s *seeder) publish(ctx context.Context) error {
	publisher, err := s.stack.Core.Publisher()
	if err != nil {
		return err
	}
	for _, one := range []struct{ id, source string }{{"owner", ownerWorkflow}, {"company", companyWorkflow}} {
		_, err := publisher.Publish(ctx, local.DemoPerson(admin), registry.Publish{Kind: registry.Workflow, ID: one.id, Source: one.source, Comment: "For the demo."})
		if err != nil {
			return fmt.Errorf("publish %s: %w", one.id, err)
		}
	}
	return nil
}

// owner is an owner of a part of a company, and what the sandbox vendor knows of them.
type owner struct {
	given, family string // without a given name, there is no person to check
	share         float64
	part          sandbox.Part
}

// company is a business that does not exist; born is when it was founded.
func company(name, country, founded string, owners ...owner) *life {
	l := someone("", name, "", country, founded)
	l.owners = owners
	return l
}

// signsUp is when a company's system starts its case and sends it: its owners are screened at once.
func (l *life) signsUp(ago time.Duration) *life {
	l.began = ago
	l.step(ago, func(ctx context.Context, s *seeder, l *life) error {
		var owners []any
		for n, o := range l.owners {
			one := map[string]any{"id": fmt.Sprintf("%s-owner-%d", l.externalID, n+1), "family": o.family, "share": o.share}
			if o.given != "" {
				one["given"] = o.given
			}
			owners = append(owners, one)
		}
		record, err := s.stack.Core.Cases.Start(ctx, s.client, cases.StartCommand{
			Workflow: "company", ExternalID: l.externalID,
			Subject: cases.SubjectInput{Type: "business", ExternalID: l.customer, Data: map[string]any{"name": l.family}},
			Context: map[string]any{"owners": owners, "company": map[string]any{
				"name": l.family, "country": l.country, "incorporated_on": l.born, "registration_number": fmt.Sprintf("%s %06d", l.country, 104_729+l.number*7_919),
			}},
		})
		l.id = record.ID
		l.applicant = identity.Principal{Tenant: local.DemoTenant, Kind: identity.Applicant, ID: s.stack.Core.NewID("flow"), Case: record.ID}
		return err
	})
	return l.submits(ago - 2*minute)
}

// companies have owners, each with a case of their own: all clear, one with a possible match, and two that wait for a repair.
func companies() []*life {
	return []*life{
		company("Halvorsen Fjordfisk AS", "NO", "2009-05-11", owner{given: "Torbjørn", family: "Halvorsen", share: 60}, owner{given: "Ragnhild", family: "Halvorsen-Lie", share: 40}).
			signsUp(6*day + 5*hour),
		company("Öresund Maskin & Verktyg AB", "SE", "2016-10-03", owner{given: "Gunnel", family: "Öberg", share: 51},
			owner{given: "Mirko", family: "Stanković", share: 29},
			owner{given: "Per-Olof", family: "Ahlquist", share: 20}).
			signsUp(30 * hour),
		company("Mühlbach Feinkost GmbH & Co. KG", "DE", "2021-02-26", owner{given: "Annegret", family: "Mühlbach", share: 50},
			owner{given: "Cornelius", family: "Vogelsang", share: 25, part: sandbox.Part{Fails: 1000}},
			owner{family: "Mühlbach-Erben", share: 25}).
			signsUp(16 * hour),
	}
}
