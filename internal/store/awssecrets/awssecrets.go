// Package awssecrets reads vendors' secrets from AWS Secrets Manager: <prefix>/<tenant>/<name> for a tenant's own, else
// <prefix>/<name> for all tenants. Values are cached for a few minutes, so that rotations take effect and a warm function
// rarely calls.
package awssecrets

import (
	"context"
	"errors"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"ballerine/internal/problem"
)

// API is what is used of *secretsmanager.Client.
type API interface {
	DescribeSecret(ctx context.Context, input *secretsmanager.DescribeSecretInput, options ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error)
	GetSecretValue(ctx context.Context, input *secretsmanager.GetSecretValueInput, options ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// Config is what Secrets need.
type Config struct {
	API    API
	Prefix string           // "ballerine/prod/vendors", without a slash at its end
	Keep   time.Duration    // how long a value is remembered; default 5 minutes
	Now    func() time.Time // default time.Now
}

// Secrets implements vendor.Secrets. It is safe for concurrent use.
type Secrets struct {
	config Config
	mu     sync.Mutex
	known  map[string]entry
}

type entry struct {
	value   string
	found   bool // false: it is known that there is none
	expires time.Time
}

// New makes Secrets.
func New(config Config) *Secrets {
	if config.Keep <= 0 {
		config.Keep = 5 * time.Minute
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Secrets{config: config, known: map[string]entry{}}
}

// part keeps a tenant or a name from reaching into another's path.
var part = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// Secret implements vendor.Secrets. Errors: problem.NotFound, problem.Unavailable.
func (s *Secrets) Secret(ctx context.Context, tenant, name string) (string, error) {
	if part.MatchString(tenant) && part.MatchString(name) {
		for _, id := range []string{s.config.Prefix + "/" + tenant + "/" + name, s.config.Prefix + "/" + name} {
			value, found, err := s.get(ctx, id)
			if err != nil {
				return "", problem.Wrap(err, problem.Unavailable, "The secret %s cannot be read.", name)
			}
			if found {
				return value, nil
			}
		}
	}
	return "", problem.New(problem.NotFound, "There is no secret %s.", name)
}

// Has implements connector.Inventory, without reading a value: publishing plugins needs no more. Errors: problem.Unavailable.
func (s *Secrets) Has(ctx context.Context, tenant, name string) (bool, error) {
	if !part.MatchString(tenant) || !part.MatchString(name) {
		return false, nil
	}
	for _, id := range []string{s.config.Prefix + "/" + tenant + "/" + name, s.config.Prefix + "/" + name} {
		_, err := s.config.API.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(id)})
		var missing *types.ResourceNotFoundException
		if err == nil {
			return true, nil
		}
		if !errors.As(err, &missing) {
			return false, problem.Wrap(err, problem.Unavailable, "The secret %s cannot be looked up.", name)
		}
	}
	return false, nil
}

func (s *Secrets) get(ctx context.Context, id string) (string, bool, error) {
	now := s.config.Now()
	s.mu.Lock()
	known, ok := s.known[id]
	s.mu.Unlock()
	if ok && now.Before(known.expires) {
		return known.value, known.found, nil
	}
	output, err := s.config.API.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(id)})
	var missing *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &missing) {
		return "", false, err
	}
	fresh := entry{expires: now.Add(s.config.Keep)}
	if err == nil && aws.ToString(output.SecretString) != "" {
		fresh.value, fresh.found = aws.ToString(output.SecretString), true
	}
	s.mu.Lock()
	s.known[id] = fresh
	s.mu.Unlock()
	return fresh.value, fresh.found, nil
}
