package main

import (
	"strings"
	"testing"

	"ballerine/internal/httpapi"
)

func TestAKeysSecretIsPrintedOnceAndWorksUntilItIsRevoked(t *testing.T) {
	stack := shared(t)
	admin := as(stack, "admin")
	made := object[httpapi.Key](t, calls(t, admin, "", "key", "create", "--name", "cli tests", "--scope", "cases:read,keys:write", "--expires", "2999-01-01", "--json"))
	if !strings.HasPrefix(made.Secret, "blr_") || made.ExpiresAt == nil || len(made.Scopes) != 2 {
		t.Fatalf("%+v", made)
	}
	with := []string{"--endpoint", stack.URL, "--api-key", made.Secret}
	calls(t, with, "", "case", "list")
	for _, args := range [][]string{{"key", "list"}, {"key", "list", "--json"}} {
		if listed := calls(t, admin, "", args...); strings.Contains(listed, made.Secret) || !strings.Contains(listed, made.ID) || !strings.Contains(listed, "cli tests") {
			t.Errorf("%v: %s", args, listed)
		}
	}
	rotated := calls(t, admin, "", "key", "rotate", made.ID)
	_, secret, _ := strings.Cut(rotated, "secret: ")
	secret, rest, _ := strings.Cut(secret, "\n")
	if secret == made.Secret || !strings.HasPrefix(secret, "blr_"+made.Prefix) || !strings.Contains(rest, "Shown only once") {
		t.Fatalf("%s", rotated)
	}
	with[3] = secret
	calls(t, with, "", "case", "list")
	if revoked := calls(t, admin, "", "key", "revoke", made.ID); revoked != made.ID+": revoked\n" {
		t.Errorf("%s", revoked)
	}
	refused(t, with, exitProblems, "(credentials_revoked)|BALLERINE_API_KEY", "case", "list")
	if listed := calls(t, admin, "", "key", "list"); !strings.Contains(listed, "revoked") {
		t.Errorf("%s", listed)
	}
	refused(t, admin, exitUsage, "--name is required|--scope is one of|(did you mean cases:read?)", "key", "create", "--scope", "case:read")
	refused(t, admin, exitUsage, "is not a valid time", "key", "create", "--expires", "soon")
	refused(t, as(stack, "auditor"), exitProblems, "(forbidden)", "key", "create", "--name", "none")
}
