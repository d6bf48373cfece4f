package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"ballerine/client"
)

// A system whose second answer is a refusal stands in for the real one here; client/examples/onboard does it for real.
func Example() {
	answers := []string{`{"id":"case_1","status":"active","configuration":["collect"],"version":1}`, `{"code":"event_not_allowed","status":409,"detail":"The passport is missing."}`}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		status := http.StatusCreated
		if len(answers) == 1 {
			status = http.StatusConflict
		}
		w.WriteHeader(status)
		fmt.Fprint(w, answers[0])
		answers = answers[1:]
	}))
	defer server.Close()

	c, err := client.New(server.URL, "api-key")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	one, err := c.StartCase(ctx, &client.StartCaseParams{IdempotencyKey: new("customer-42")}, client.StartBody{Workflow: "kyc", ExternalID: new("customer-42")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(one.Status, one.Configuration)
	_, err = c.SendEvent(ctx, one.ID, nil, client.EventBody{Type: "SUBMIT"})
	if errors.Is(err, client.CodeEventNotAllowed) {
		fmt.Println(err)
	}
	// Output:
	// active [collect]
	// POST /v1/cases/case_1/events: 409 event_not_allowed: The passport is missing.
}
