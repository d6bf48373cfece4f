// Command onboard onboards a person with the Go client: it subscribes to webhooks, starts a case, uploads a passport,
// submits, waits for the outcome, and prints what has happened as one line of JSON.
//
//	make run                                         # in another terminal
//	source .ballerine/demo.env && export API KEY
//	go run ./client/examples/onboard docs/walkthrough/passport-kovacs.png
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"ballerine/client"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if len(os.Args) != 2 {
		fail(errors.New("usage: onboard passport.png"))
	}
	c, err := client.New(os.Getenv("API"), os.Getenv("KEY"), client.WithUserAgent("onboard-example/1"))
	if err != nil {
		fail(err)
	}
	done, err := onboard(ctx, c, os.Args[1])
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(done); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// summary is what has happened.
type summary struct {
	Case    string      `json:"case"`
	Outcome string      `json:"outcome"`
	Listed  int         `json:"listed"`
	Refused client.Code `json:"refused"` // the API's answer to an event that arrives too late
	Webhook string      `json:"webhook"` // the outcome that the verified webhook names
}

func onboard(ctx context.Context, c *client.Client, passport string) (*summary, error) {
	content, err := os.ReadFile(passport) //nolint:gosec // the file that the caller names
	if err != nil {
		return nil, err
	}
	events, stop, err := subscribe(ctx, c)
	if err != nil {
		return nil, err
	}
	defer stop()

	// Your own id makes the calls repeatable: run again with the same id, they do nothing twice.
	id := fmt.Sprintf("go-%d", time.Now().UnixNano())
	name := map[string]any{"given": "Anna", "family": "Kovacs"}
	one, err := c.StartCase(ctx, &client.StartCaseParams{IdempotencyKey: &id}, client.StartBody{
		Workflow: "kyc", ExternalID: &id,
		Subject: map[string]any{"type": "individual", "external_id": id, "name": name},
		Context: map[string]any{"applicant": map[string]any{"name": name, "date_of_birth": "1990-03-04", "country": "HU", "email": "anna@example.com"}},
	})
	if err != nil {
		return nil, err
	}
	if _, err := c.UploadDocument(ctx, one.ID, client.File{Kind: "passport", Side: "front", ContentType: "image/png", Content: content}); err != nil {
		return nil, err
	}
	if _, err := c.SendEvent(ctx, one.ID, nil, client.EventBody{Type: "SUBMIT"}); err != nil {
		return nil, err
	}
	if one, err = c.WaitForCase(ctx, one.ID, client.AwaitsReview); err != nil {
		return nil, err
	}
	if !client.Ended(one) {
		return nil, fmt.Errorf("%s waits for a reviewer", one.ID)
	}

	done := &summary{Case: one.ID, Outcome: *one.Outcome}
	for listed, err := range c.AllCases(ctx, &client.ListCasesParams{ExternalID: &id}) {
		if err != nil {
			return nil, err
		}
		if listed.ID == one.ID {
			done.Listed++
		}
	}
	_, err = c.SendEvent(ctx, one.ID, nil, client.EventBody{Type: "SUBMIT"})
	if !errors.Is(err, client.CodeCaseClosed) {
		return nil, fmt.Errorf("an event after the end: %w", err)
	}
	done.Refused = client.CodeOf(err)
	for {
		select {
		case event := <-events:
			if data, ok := event.Data.(*client.CaseCompletedEventData); ok && data.Case == one.ID && data.Outcome != nil {
				done.Webhook = *data.Outcome
				return done, nil
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the webhook: %w", ctx.Err())
		}
	}
}

// subscribe receives webhooks on this machine, which a local system allows. Elsewhere the receiver has a public address.
func subscribe(ctx context.Context, c *client.Client) (events <-chan *client.Event, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	hook, err := c.CreateWebhook(ctx, nil, client.WebhookBody{URL: "http://" + listener.Addr().String() + "/", Events: []string{"case.completed"}})
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	verifier, err := client.NewVerifier(*hook.Secret)
	if err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	received := make(chan *client.Event, 100)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, err := verifier.VerifyRequest(r)
		if err != nil {
			http.Error(w, "not a webhook of ours", http.StatusUnauthorized)
			return
		}
		received <- event // a real receiver stores it, and does the work after it has answered
		w.WriteHeader(http.StatusNoContent)
	})}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return received, func() {
		_ = c.DeleteWebhook(context.WithoutCancel(ctx), hook.ID) // a local system forgets receivers that are gone, too
		_ = server.Close()
	}, nil
}
