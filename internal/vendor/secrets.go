package vendor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"ballerine/internal/problem"
)

// EnvSecrets reads secrets from the environment: Prefix + the name in capitals. All tenants share them: this is for one
// machine.
type EnvSecrets struct {
	Prefix string // "BALLERINE_SECRET_"
}

// Secret implements Secrets.
func (e EnvSecrets) Secret(_ context.Context, _, name string) (string, error) {
	if value, ok := os.LookupEnv(e.Prefix + strings.ToUpper(name)); ok && value != "" {
		return value, nil
	}
	return "", unknownSecret(name)
}

// FileSecrets reads secrets from files: <tenant>/<name>, else <name>. Space around a value is dropped.
type FileSecrets struct{ FS fs.FS }

// Secret implements Secrets.
func (f FileSecrets) Secret(_ context.Context, tenant, name string) (string, error) {
	for _, path := range []string{tenant + "/" + name, name} {
		if !fs.ValidPath(path) {
			continue
		}
		value, err := fs.ReadFile(f.FS, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", problem.Wrap(err, problem.Unavailable, "The secret %s cannot be read.", name)
		}
		return strings.TrimSpace(string(value)), nil
	}
	return "", unknownSecret(name)
}

// MapSecrets are secrets by name, the same for all tenants: for tests and for the local sandbox.
type MapSecrets map[string]string

// Secret implements Secrets.
func (m MapSecrets) Secret(_ context.Context, _, name string) (string, error) {
	if value, ok := m[name]; ok {
		return value, nil
	}
	return "", unknownSecret(name)
}

// FirstOf asks one after the other until one knows the secret.
func FirstOf(list ...Secrets) Secrets { return firstOf(list) }

type firstOf []Secrets

// Secret implements Secrets.
func (f firstOf) Secret(ctx context.Context, tenant, name string) (string, error) {
	for _, secrets := range f {
		value, err := secrets.Secret(ctx, tenant, name)
		if problem.CodeOf(err) != problem.NotFound {
			return value, err
		}
	}
	return "", unknownSecret(name)
}

func unknownSecret(name string) error {
	return problem.New(problem.NotFound, "There is no secret %s.", name)
}
