package awssecrets

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// versions are those of one secret, by stage.
type versions struct {
	manager
	stages map[string]string
	fail   error
}

func (v *versions) GetSecretValue(_ context.Context, input *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	value, ok := v.stages[aws.ToString(input.VersionStage)]
	if v.fail != nil {
		return nil, v.fail
	}
	if !ok {
		return nil, &types.ResourceNotFoundException{}
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(value)}, nil
}

func TestTheSigningKeysOfTheVersionBeforeVerifyToo(t *testing.T) {
	api := &versions{stages: map[string]string{"AWSCURRENT": "a"}}
	source := Signing{API: api, Secret: "signing", Keys: func(text string) (keys [][]byte) {
		for _, key := range text {
			keys = append(keys, []byte(string(key)))
		}
		return keys
	}}
	for _, step := range []struct{ current, previous, want string }{{"a", "", "a"}, {"b", "a", "ba"}, {"cb", "b", "cb"}, {"c", "cb", "cb"}} {
		api.stages["AWSCURRENT"] = step.current
		if step.previous != "" {
			api.stages["AWSPREVIOUS"] = step.previous
		}
		keys, err := source.Read(t.Context())
		if got := string(slices.Concat(keys...)); err != nil || got != step.want {
			t.Errorf("%+v: %s %v", step, got, err)
		}
	}
	api.fail = errors.New("down")
	if _, err := source.Read(t.Context()); !errors.Is(err, api.fail) {
		t.Error(err)
	}
}
