package awssecrets

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"golang.org/x/sync/errgroup"

	"ballerine/internal/problem"
)

// Signing reads the keys of one secret: those of its current version, then those of the version before that are not among them. After a
// rotation both verify.
type Signing struct {
	API    API
	Secret string                     // ARN or name
	Keys   func(text string) [][]byte // of a version
}

// Read reads them. Errors: problem.Unavailable.
func (s Signing) Read(ctx context.Context) ([][]byte, error) {
	var versions [2][][]byte
	group, within := errgroup.WithContext(ctx)
	for i, stage := range []string{"AWSCURRENT", "AWSPREVIOUS"} {
		group.Go(func() error {
			out, err := s.API.GetSecretValue(within, &secretsmanager.GetSecretValueInput{SecretId: aws.String(s.Secret), VersionStage: aws.String(stage)})
			var missing *types.ResourceNotFoundException
			if i > 0 && errors.As(err, &missing) { // it was never replaced
				return nil
			}
			if err == nil {
				versions[i] = s.Keys(aws.ToString(out.SecretString))
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, problem.Wrap(err, problem.Unavailable, "The signing secret cannot be read.")
	}
	keys := versions[0]
	for _, former := range versions[1] {
		if !slices.ContainsFunc(keys, func(key []byte) bool { return bytes.Equal(key, former) }) {
			keys = append(keys, former)
		}
	}
	return keys, nil
}
