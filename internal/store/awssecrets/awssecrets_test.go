package awssecrets

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"ballerine/internal/connector"
	"ballerine/internal/problem"
)

// manager holds secrets by id and counts the questions.
type manager struct {
	values  map[string]string
	fetched int
	err     error
}

func (m *manager) GetSecretValue(_ context.Context, input *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	m.fetched++
	if m.err != nil {
		return nil, m.err
	}
	value, ok := m.values[aws.ToString(input.SecretId)]
	if !ok {
		return nil, &types.ResourceNotFoundException{}
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(value)}, nil
}

func (m *manager) DescribeSecret(_ context.Context, input *secretsmanager.DescribeSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DescribeSecretOutput, error) {
	if _, ok := m.values[aws.ToString(input.SecretId)]; ok || m.err != nil {
		return &secretsmanager.DescribeSecretOutput{}, m.err
	}
	return nil, &types.ResourceNotFoundException{}
}

var (
	_ connector.Secrets   = (*Secrets)(nil)
	_ connector.Inventory = (*Secrets)(nil)
)

func TestASecretIsLookedUpWithoutReadingIt(t *testing.T) {
	m := &manager{values: map[string]string{"b/vendors/KEY": "shared", "b/vendors/demo/OWN": "own"}}
	secrets := New(Config{Prefix: "b/vendors", API: m})
	for _, c := range []struct {
		tenant, name string
		want         bool
	}{{"demo", "KEY", true}, {"demo", "OWN", true}, {"other", "OWN", false}, {"other", "demo/OWN", false}} {
		if has, err := secrets.Has(t.Context(), c.tenant, c.name); has != c.want || err != nil {
			t.Errorf("%s %s: %v %v", c.tenant, c.name, has, err)
		}
	}
	if m.fetched > 0 {
		t.Errorf("%d values were read", m.fetched)
	}
	m.err = errors.New("throttled")
	if _, err := secrets.Has(t.Context(), "demo", "KEY"); problem.CodeOf(err) != problem.Unavailable {
		t.Error(err)
	}
}

func TestATenantsOwnSecretComesFirst(t *testing.T) {
	secrets := New(Config{Prefix: "b/vendors", API: &manager{values: map[string]string{"b/vendors/KEY": "shared", "b/vendors/demo/KEY": "own", "b/vendors/other/THEIRS": "theirs"}}})
	for _, c := range []struct{ tenant, name, want string }{
		{"demo", "KEY", "own"}, {"new", "KEY", "shared"}, {"demo", "THEIRS", ""}, {"demo", "other/THEIRS", ""}, {"demo/../other", "THEIRS", ""}, {"", "KEY", ""},
	} {
		got, err := secrets.Secret(t.Context(), c.tenant, c.name)
		if got != c.want || (c.want == "") != (problem.CodeOf(err) == problem.NotFound) {
			t.Errorf("%s %s: %q %v", c.tenant, c.name, got, err)
		}
	}
}

func TestAValueIsRememberedForAWhile(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	m := &manager{values: map[string]string{"p/demo/KEY": "one"}}
	secrets := New(Config{Prefix: "p", API: m, Now: func() time.Time { return now }})
	read := func() string {
		value, err := secrets.Secret(t.Context(), "demo", "KEY")
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	read()
	m.values["p/demo/KEY"] = "two"
	if got := read(); got != "one" || m.fetched != 1 {
		t.Errorf("%s after %d questions", got, m.fetched)
	}
	now = now.Add(5 * time.Minute)
	if got := read(); got != "two" || m.fetched != 2 {
		t.Errorf("%s after %d questions", got, m.fetched)
	}
}

func TestAServiceThatIsAwayIsNotRemembered(t *testing.T) {
	m := &manager{values: map[string]string{"p/KEY": "one"}, err: errors.New("throttled")}
	secrets := New(Config{Prefix: "p", API: m})
	if _, err := secrets.Secret(t.Context(), "demo", "KEY"); problem.CodeOf(err) != problem.Unavailable {
		t.Error(err)
	}
	m.err = nil
	if got, err := secrets.Secret(t.Context(), "demo", "KEY"); got != "one" || err != nil {
		t.Error(got, err)
	}
}
