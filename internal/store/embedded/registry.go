package embedded

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

const (
	bucketDefinitions = "definitions" // tenant, kind, id, version -> definition without its source
	bucketSources     = "sources"     // the same key -> source
)

// Registry is the registry.Store of the file.
type Registry struct{ db *DB }

var _ registry.Store = Registry{}

// Registry returns the file's registry.Store.
func (db *DB) Registry() Registry { return Registry{db} }

func definitionKey(tenant string, kind registry.Kind, id string, version int) string {
	return join(tenant, string(kind), id, fmt.Sprintf("%08d", version))
}

// PutDefinition implements registry.Store.
func (s Registry) PutDefinition(ctx context.Context, d registry.Definition) error {
	return s.db.Update(ctx, func(tx *Tx) error { return putDefinition(tx, d) })
}

func putDefinition(tx *Tx, d registry.Definition) error {
	source := d.Source
	d.Source = ""
	text, err := encoded(d)
	if err != nil {
		return err
	}
	key := definitionKey(d.Tenant, d.Kind, d.ID, d.Version)
	if tx.Get(bucketDefinitions, key) != nil {
		return problem.New(problem.Conflict, "Another user has published this version.")
	}
	tx.Put(bucketDefinitions, key, text)
	tx.Put(bucketSources, key, []byte(source))
	return nil
}

// Definition implements registry.Store.
func (s Registry) Definition(ctx context.Context, tenant string, kind registry.Kind, id string, version int) (registry.Definition, error) {
	if version == 0 {
		all, err := s.Definitions(ctx, tenant, kind, id)
		if err != nil || len(all) == 0 {
			return registry.Definition{}, notFound(err, kind)
		}
		version = all[0].Version
	}
	key := definitionKey(tenant, kind, id, version)
	d, err := find[registry.Definition](s.db, bucketDefinitions, key, string(kind))
	if err != nil {
		return d, err
	}
	err = s.db.View(func(tx *Tx) error {
		d.Source = string(tx.Get(bucketSources, key))
		return nil
	})
	return d, err
}

func notFound(err error, kind registry.Kind) error {
	if err != nil {
		return err
	}
	return problem.New(problem.NotFound, "There is no such %s.", kind)
}

// Definitions implements registry.Store.
func (s Registry) Definitions(_ context.Context, tenant string, kind registry.Kind, id string) ([]registry.Definition, error) {
	prefix := join(tenant, string(kind), "")
	if id != "" {
		prefix = join(tenant, string(kind), id, "")
	}
	found, err := entries(s.db, bucketDefinitions, prefix, func(key string) registry.Definition {
		name, number, _ := strings.Cut(key, "\x00")
		if id != "" {
			name, number = id, key
		}
		version, _ := strconv.Atoi(number) // a key of ours
		return registry.UnreadableDefinition(tenant, kind, name, version)
	})
	slices.SortStableFunc(found, registry.NewestFirst)
	return found, err
}
