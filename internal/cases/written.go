package cases

import (
	"context"
	"errors"

	"ballerine/internal/problem"
)

// A store that does not answer may have written all the same: a client repeats the call and learns that another write
// came first, or the answer is lost. Neither may turn what has happened into an error, nor execute a command twice. Each
// entry's hash covers a random salt, so an entry with our hash is ours.

// settle reports whether a commit that came back with an error was written after all: nil when it was, else the error.
func (s *Service) settle(ctx context.Context, d *draft, err error) error {
	switch problem.CodeOf(err) {
	case "":
		return nil
	case problem.Conflict, problem.Unavailable, problem.Timeout, problem.Internal:
	case problem.AlreadyExists:
		var taken *problem.Error
		if errors.As(err, &taken) && taken.Details["case"] != d.record.ID {
			return err // another case has the external id
		}
	default:
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.LookAgain)
	defer cancel()
	entries, lookErr := s.Store.History(ctx, d.record.Tenant, d.record.ID, d.record.Version-1, 1)
	if lookErr == nil && len(entries) == 1 && entries[0].Version == d.record.Version && entries[0].Hash == d.entry.Hash {
		s.Metrics.Count("case_commits_found_written_total")
		return nil
	}
	return err
}
