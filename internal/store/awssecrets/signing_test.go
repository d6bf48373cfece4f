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

// letters parses a version of which each letter is a key; a capital cannot be used.
func letters(text string) (keys [][]byte, err error) {
	for _, key := range text {
		if key < 'a' {
			err = errors.New("unusable")
			continue
		}
		keys = append(keys, []byte(string(key)))
	}
	return keys, err
}

func TestTheSigningKeysOfTheVersionBeforeVerifyToo(t *testing.T) {
	api := &versions{stages: map[string]string{"AWSCURRENT": "a"}}
	source := Signing{API: api, Secret: "signing", Parse: letters}
	for _, step := range []struct{ current, previous, want, oldest string }{
		{"a", "", "a", "a"},
		{"ba", "a", "ba", "a"},
		{"cba", "ba", "cba", "a"},
		{"ca", "cba", "cab", "a"}, // a key in the middle was dropped: the search's stays
		{"c", "ca", "ca", "c"},
		{"c", "X", "c", "c"},
		{"cb", "Xb", "cb", "b"},
	} {
		api.stages["AWSCURRENT"] = step.current
		if step.previous != "" {
			api.stages["AWSPREVIOUS"] = step.previous
		}
		keys, oldest, err := source.Keys(t.Context())
		if got := string(slices.Concat(keys...)); err != nil || got != step.want || string(oldest) != step.oldest {
			t.Errorf("%+v: %s, oldest %s: %v", step, got, oldest, err)
		}
		if read, err := source.Read(t.Context()); err != nil || string(slices.Concat(read...)) != step.want {
			t.Errorf("%+v: read %s: %v", step, read, err)
		}
	}
	api.stages["AWSCURRENT"] = "cX"
	if keys, err := source.Read(t.Context()); err == nil {
		t.Errorf("a current version that cannot be used: %s", keys)
	}
	api.fail = errors.New("down")
	if _, err := source.Read(t.Context()); !errors.Is(err, api.fail) {
		t.Error(err)
	}
}
