package client_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"ballerine/client"
	"ballerine/internal/local"
	"ballerine/statemachines"
)

// system is the whole product in this process.
func system(t testing.TB) (*client.Client, *local.Stack) {
	t.Helper()
	stack, err := local.Start(context.Background(), local.Options{Data: t.TempDir(), Address: "127.0.0.1:0", Definitions: statemachines.Files, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := stack.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	c, err := client.New(stack.URL, stack.Demo.APIKey)
	if err != nil {
		t.Fatal(err)
	}
	return c, stack
}

// person is the body of a case about somebody whom the sandbox's vendors have nothing against.
func person(id string) client.StartBody {
	name := map[string]any{"given": "Anna", "family": "Kovacs"}
	return client.StartBody{
		Workflow: "kyc", ExternalID: &id, Subject: map[string]any{"type": "individual", "external_id": id, "name": name},
		Context: map[string]any{"applicant": map[string]any{"name": name, "date_of_birth": "1990-03-04", "country": "HU", "email": "anna@example.com"}},
	}
}

func TestACaseIsOnboardedAgainstTheSystemItself(t *testing.T) {
	c, _ := system(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	params := &client.StartCaseParams{IdempotencyKey: new("customer-42")}
	one, err := c.StartCase(ctx, params, person("customer-42"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.StartCase(ctx, params, person("customer-42")); err != nil || again.ID != one.ID {
		t.Errorf("the same call starts %v (%v)", again, err)
	}
	if _, err := c.StartCase(ctx, params, person("customer-43")); !errors.Is(err, client.CodeIdempotencyKeyReused) {
		t.Errorf("the same key with another body: %v", err)
	}
	passport, err := os.ReadFile("../docs/walkthrough/passport-kovacs.png")
	if err != nil {
		t.Fatal(err)
	}
	file := client.File{Kind: "passport", Side: "front", ContentType: "image/png", Content: passport, IdempotencyKey: "passport-42"}
	for range 2 { // the second one finds its bytes there
		if _, err := c.UploadDocument(ctx, one.ID, file); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.SendEvent(ctx, one.ID, nil, client.EventBody{Type: "SUBMIT"}); err != nil {
		t.Fatal(err)
	}
	if one, err = c.WaitForCase(ctx, one.ID, client.AwaitsReview); err != nil {
		t.Fatal(err)
	}
	if one.Outcome == nil || *one.Outcome != "approved" || one.Risk.Severity != "low" {
		t.Errorf("the case is %+v", one)
	}
	_, err = c.SendEvent(ctx, one.ID, nil, client.EventBody{Type: "SUBMIT"})
	var refused *client.Error
	if !errors.As(err, &refused) || refused.Code != client.CodeCaseClosed || refused.RequestID == "" || refused.Status != 409 {
		t.Errorf("an event after the end: %v", err)
	}
	if _, err := c.StartCase(ctx, nil, client.StartBody{}); !errors.Is(err, client.CodeInvalid) || !errors.As(err, &refused) || refused.Fields[0].Location != "body.workflow" {
		t.Errorf("a case without a workflow: %v", err)
	}
	if err := c.DeleteWebhook(ctx, "whk_none"); !errors.Is(err, client.CodeNotFound) {
		t.Errorf("no such webhook: %v", err)
	}
}

func TestIteratorsReadEveryPage(t *testing.T) {
	c, _ := system(t)
	want := map[string]bool{}
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		one, err := c.StartCase(t.Context(), nil, person(id))
		if err != nil {
			t.Fatal(err)
		}
		want[one.ID] = true
	}
	params := &client.ListCasesParams{Limit: new(int64(2)), Sort: new(client.ListCasesParamsSort("created_at"))}
	got := 0
	for one, err := range c.AllCases(t.Context(), params) {
		if err != nil {
			t.Fatal(err)
		}
		if !want[one.ID] {
			t.Errorf("%s comes twice, or was never started", one.ID)
		}
		delete(want, one.ID)
		got++
	}
	if got != 5 || params.Cursor != nil {
		t.Errorf("%d cases; the caller's parameters are %+v", got, params)
	}
	for range c.AllCases(t.Context(), params) {
		break // and no page more is read
	}
	wrong := 0
	for _, err := range c.AllCases(t.Context(), &client.ListCasesParams{Cursor: new("none of theirs")}) {
		if wrong++; !errors.Is(err, client.CodeInvalid) {
			t.Errorf("a wrong cursor: %v", err)
		}
	}
	if wrong != 1 {
		t.Errorf("an error comes %d times", wrong)
	}
}

func TestWaitingNeedsADeadlineAndKeepsIt(t *testing.T) {
	c, _ := system(t)
	one, err := c.StartCase(t.Context(), nil, person("waits"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitForCase(t.Context(), one.ID, client.Ended); err == nil {
		t.Error("it waits without a deadline")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.WaitForCase(ctx, one.ID, client.Ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("past its deadline: %v", err)
	}
}

// Publishing has several answers, depending on the result.
func TestPublishingAnswersByItsStatus(t *testing.T) {
	_, stack := system(t)
	token := ""
	for _, user := range stack.Demo.Users {
		if user.Roles[0] == "admin" {
			token = user.Token
		}
	}
	admin, err := client.New(stack.URL, token)
	if err != nil {
		t.Fatal(err)
	}
	source, err := statemachines.Files.ReadFile("kyc.yaml")
	if err != nil {
		t.Fatal(err)
	}
	body := client.PublishWorkflowJSONRequestBody{Source: "# changed\n" + string(source)}
	first, err := admin.PublishWorkflow(t.Context(), "kyc", nil, body)
	if err != nil || first.JSON201 == nil || !first.JSON201.Created || first.JSON200 != nil {
		t.Fatalf("the first time: %+v (%v)", first, err)
	}
	second, err := admin.PublishWorkflow(t.Context(), "kyc", nil, body)
	if err != nil || second.JSON200 == nil || second.JSON200.Created {
		t.Errorf("the second time: %+v (%v)", second, err)
	}
}
