package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ballerine/internal/local"
	"ballerine/statemachines"
)

// common is one system for all tests that need none of their own. They share it, so each uses names of its own.
var common struct {
	start sync.Once
	stack *local.Stack
	err   error
	data  string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if common.stack != nil {
		if err := common.stack.Close(context.Background()); err != nil {
			code = max(code, 1)
		}
	}
	_ = os.RemoveAll(common.data)
	os.Exit(code)
}

func startStack(t *testing.T, data string) *local.Stack {
	t.Helper()
	stack, err := local.Start(t.Context(), local.Options{Data: data, Address: "127.0.0.1:0", Definitions: statemachines.Files, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

// shared is the common system, started when the first test asks for it.
func shared(t *testing.T) *local.Stack {
	t.Helper()
	common.start.Do(func() {
		if common.data, common.err = os.MkdirTemp("", "ballerine-cli-"); common.err == nil {
			common.stack, common.err = local.Start(context.Background(), local.Options{Data: common.data, Address: "127.0.0.1:0", Definitions: statemachines.Files, Logger: slog.New(slog.DiscardHandler)})
		}
	})
	if common.err != nil {
		t.Fatal(common.err)
	}
	return common.stack
}

// as are the flags with which somebody calls a system: a role of a person, or "client" for the demo's key.
func as(stack *local.Stack, role string) []string {
	credential := stack.Demo.APIKey
	if person := slices.IndexFunc(stack.Demo.Users, func(u local.DemoUser) bool { return slices.Contains(u.Roles, role) }); person >= 0 {
		credential = stack.Demo.Users[person].Token
	}
	return []string{"--endpoint", stack.URL, "--api-key", credential}
}

// calls runs a command that has to succeed.
func calls(t *testing.T, at []string, in string, args ...string) string {
	t.Helper()
	got := call(t, in, append(args, at...)...)
	if got.code != 0 {
		t.Fatalf("%v: %d %s%s", args, got.code, got.out, got.errs)
	}
	return got.out
}

// refused runs a command that has to fail with a code, and to print all of the texts.
func refused(t *testing.T, at []string, code int, wanted string, args ...string) {
	t.Helper()
	got := call(t, "", append(args, at...)...)
	for _, want := range strings.Split(wanted, "|") {
		if got.code != code || !strings.Contains(got.errs, want) {
			t.Errorf("%v: want %d and %q: %+v", args, code, want, got)
		}
	}
}

// object reads a line of JSON.
func object[T any](t *testing.T, text string) (value T) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%s is not JSON: %v", text, err)
	}
	if decoder.More() {
		t.Fatalf("%s is more than one object", text)
	}
	return value
}

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// eventually asks until the check holds.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Minute); !check(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("did not come: %s", what)
		}
	}
}
