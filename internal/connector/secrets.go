package connector

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"ballerine/internal/problem"
)

// envSecrets reads secrets from the environment: Prefix + the name in capitals. All tenants share them: this is for one
// machine.
type envSecrets struct {
	Prefix string // "BALLERINE_SECRET_"
}

// Secret implements Secrets.
func (e envSecrets) Secret(_ context.Context, _, name string) (string, error) {
	if value, ok := os.LookupEnv(e.Prefix + strings.ToUpper(name)); ok && value != "" {
		return value, nil
	}
	return "", unknownSecret(name)
}

// fileSecrets reads secrets from files: <tenant>/<name>, else <name>. Space around a value is dropped.
type fileSecrets struct{ FS fs.FS }

// Secret implements Secrets.
func (f fileSecrets) Secret(_ context.Context, tenant, name string) (string, error) {
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

// OfMachine are the secrets of one machine: those of the environment (BALLERINE_SECRET_NAME), then those of a folder, then
// others. Without a folder ("") there are none of files.
func OfMachine(folder string, others Secrets) Secrets {
	all := []Secrets{envSecrets{Prefix: SecretPrefix}}
	if folder != "" {
		all = append(all, fileSecrets{os.DirFS(folder)})
	}
	return inOrder(append(all, others)...)
}

// SecretPrefix stands before the name of a vendor's secret in the environment.
const SecretPrefix = "BALLERINE_SECRET_"

// inOrder asks one after the other until one knows the secret.
func inOrder(list ...Secrets) Secrets { return firstOf(list) }

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
