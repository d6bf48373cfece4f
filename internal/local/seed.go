package local

import "context"

// Seed adds demo cases to an empty data folder.
func (s *Stack) Seed(ctx context.Context) error { return nil }
