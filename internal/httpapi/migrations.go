package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// Migration is the result of migrating a page of cases, or what it would be.
type Migration struct {
	Data       []cases.Migrated `json:"data" nullable:"false"`
	NextCursor *string          `json:"next_cursor"`
	Counts     map[string]int   `json:"counts" nullable:"false" doc:"of this page, by outcome"`
	DryRun     bool             `json:"dry_run"`
}

func (s *server) registerMigrations(api huma.API) {
	type migrateIn struct {
		OnID
		Body struct {
			From   int               `json:"from" minimum:"1"`
			To     int               `json:"to" minimum:"1"`
			States map[string]string `json:"states,omitempty" doc:"states of the new version by the states of the old one that they replace; a mapped state is entered again, even if mapped to itself"`
			DryRun bool              `json:"dry_run,omitempty" doc:"only report what would happen to each case"`
			Cases  []string          `json:"cases,omitempty" maxItems:"100" doc:"only these cases; absent: all active cases of the version, page by page"`
			Limit  int               `json:"limit,omitempty" minimum:"1" maximum:"100" doc:"maximum number per page; default 100"`
			Cursor string            `json:"cursor,omitempty" maxLength:"2000"`
		}
	}
	add(s, api, op(Admin, "migrateCases", "POST", "/v1/workflows/{id}/migrations", "Migrate running cases to another version of their workflow, optionally as a dry run").repeatable(), func(c ctx, in *migrateIn) (*body[Migration], error) {
		p := principalOf(c)
		scope := []any{"migrations", p.Tenant, in.ID, in.Body.From, in.Body.To, in.Body.States, in.Body.DryRun}
		after, err := s.cursors.read(scope, in.Body.Cursor)
		if err != nil {
			return nil, err
		}
		done, next, err := s.Cases.Migrate(c, p, cases.MigrateCommand{
			Workflow: in.ID, From: in.Body.From, To: in.Body.To, States: in.Body.States, DryRun: in.Body.DryRun,
			Cases: in.Body.Cases, Limit: in.Body.Limit, After: after,
		})
		if err != nil {
			return nil, err
		}
		return &body[Migration]{ShapeMigration(done, s.cursors.sign(scope, next), in.Body.DryRun)}, nil
	})
}

// ShapeMigration is a page of a migration as the interface shows it. The command line shows it alike.
func ShapeMigration(done []cases.Migrated, next *string, dryRun bool) Migration {
	m := Migration{Data: list(done), NextCursor: next, Counts: map[string]int{}, DryRun: dryRun}
	for _, one := range done {
		m.Counts[one.Outcome]++
	}
	return m
}
