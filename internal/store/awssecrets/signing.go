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
	Secret string                     // ARN or name
	Keys   func(text string) [][]byte // of a version
}

// Read reads them. Errors: those of Secrets Manager.
func (s Signing) Read(ctx context.Context) ([][]byte, error) {
	var keys [][]byte
	for i, stage := range [...]string{"AWSCURRENT", "AWSPREVIOUS"} {
		out, err := s.API.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(s.Secret), VersionStage: aws.String(stage)})
		var missing *types.ResourceNotFoundException
		if i > 0 && errors.As(err, &missing) { // it was never replaced
			break
		}
		if err != nil {
			return nil, err
		}
		for _, key := range s.Keys(aws.ToString(out.SecretString)) {
			if !slices.ContainsFunc(keys, func(known []byte) bool { return bytes.Equal(known, key) }) {
				keys = append(keys, key)
			}
		}
	}
	return keys, nil
}
