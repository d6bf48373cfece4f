package awssecrets

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// Signing reads the keys of one secret: those of its current version, then those of the version before that are not among them. After a
// rotation both verify.
type Signing struct {
	API    API
	Secret string                                              // ARN or name
	Parse  func(text string) (usable [][]byte, unusable error) // the keys of a version
}

// Read reads them. Errors: those of Secrets Manager, and of Parse for the current version. What cannot be used of the version before is
// passed over: a mistyped version is taken back with the next one.
func (s Signing) Read(ctx context.Context) ([][]byte, error) {
	keys, _, err := s.Keys(ctx)
	return keys, err
}

// Keys is Read, and also returns the oldest key of the current version. That key stays when a key between it and the
// newest is dropped, so lasting values can be derived from it; the last key of all may be the dropped one.
func (s Signing) Keys(ctx context.Context) (keys [][]byte, oldest []byte, err error) {
	text, err := s.version(ctx, "AWSCURRENT")
	if err != nil {
		return nil, nil, err
	}
	if keys, err = s.Parse(text); err != nil {
		return nil, nil, err
	}
	if len(keys) > 0 {
		oldest = keys[len(keys)-1]
	}
	text, err = s.version(ctx, "AWSPREVIOUS")
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) { // it was never replaced
		return keys, oldest, nil
	}
	if err != nil {
		return nil, nil, err
	}
	former, _ := s.Parse(text)
	for _, key := range former {
		if !slices.ContainsFunc(keys, func(known []byte) bool { return bytes.Equal(known, key) }) {
			keys = append(keys, key)
		}
	}
	return keys, oldest, nil
}

func (s Signing) version(ctx context.Context, stage string) (string, error) {
	out, err := s.API.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(s.Secret), VersionStage: aws.String(stage)})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.SecretString), nil
}
