package storetest

import (
	"bytes"
	"context"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/limits"
)

func vendorAnswers(t *testing.T, s cases.Store) {
	ctx := context.Background()
	found := func(tenant, key string, after time.Duration, want string) {
		t.Helper()
		got, err := s.VendorAnswer(ctx, tenant, key, epoch.Add(after))
		if want == "" {
			wants(t, err, problem.NotFound)
			return
		}
		if err != nil || string(got) != want {
			t.Errorf("%s %s after %v: %q %v, want %q", tenant, key, after, got, err, want)
		}
	}
	keep := func(tenant, id, key, content string, after, life time.Duration) {
		t.Helper()
		must(t, s.KeepVendorAnswer(ctx, cases.VendorAnswer{Tenant: tenant, Case: id, Key: key, Content: []byte(content), Until: epoch.Add(after + life)}, epoch.Add(after)))
	}
	found("a", "k", 0, "")
	keep("a", "case_1", "k", "first", 0, time.Hour)
	found("a", "k", time.Hour-time.Millisecond, "first")
	found("a", "k", time.Hour, "") // its end
	found("b", "k", 0, "")         // another tenant
	found("a", "k2", 0, "")

	keep("b", "case_1", "k", "theirs", 0, time.Hour)
	keep("a", "case_1", "k2", "another", 0, 3*time.Hour)
	keep("a", "case_2", "k", "second", time.Minute, 2*time.Hour) // over the first, for another case
	found("a", "k", time.Hour, "second")
	found("b", "k", time.Minute, "theirs")
	keep("a", "case_2", "k", "third", time.Minute, 3*time.Hour)
	keep("a", "case_3", "k3", "later", 2*time.Hour, time.Hour) // only what has expired meanwhile is removed
	found("a", "k", 2*time.Hour+2*time.Minute, "third")
	found("a", "k2", 2*time.Hour, "another")
	found("b", "k", 2*time.Hour, "")

	large := cases.VendorAnswer{Tenant: "a", Case: "case_1", Key: "k4", Until: epoch.Add(time.Hour)}
	large.Content = bytes.Repeat([]byte("x"), limits.Item)
	wants(t, s.KeepVendorAnswer(ctx, large, epoch), problem.TooLarge)
	found("a", "k4", 0, "")
	large.Content = large.Content[:300_000] // as much as a connector keeps
	must(t, s.KeepVendorAnswer(ctx, large, epoch))
	found("a", "k4", 0, string(large.Content))
	if runs, err := s.TaskRuns(ctx, "a", "case_1"); err != nil || len(runs) != 0 {
		t.Errorf("an answer is taken for an attempt: %v %v", runs, err)
	}
}
