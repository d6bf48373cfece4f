package cases

import "context"

type seenKey struct{}

type seenCase struct {
	id      string
	version int
}

// Seeing is a context within which the case changes only as long as it is at the version that the caller has seen: every
// command then fails with Stale once something else has come first. 0: any version will do. Commands that always need a version
// take it as an argument.
func Seeing(ctx context.Context, id string, version int) context.Context {
	if version == 0 {
		return ctx
	}
	return context.WithValue(ctx, seenKey{}, seenCase{id, version})
}

// seenOf is the version of the case that the caller has seen; 0: none was named.
func seenOf(ctx context.Context, id string) int {
	if seen, ok := ctx.Value(seenKey{}).(seenCase); ok && seen.id == id {
		return seen.version
	}
	return 0
}
