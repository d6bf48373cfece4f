package app

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/httpapi"
	"ballerine/internal/httpapi/bridge"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/review"
	"ballerine/internal/task"
)

// API is the function of an audience's operations. Errors: Invalid when a definition has problems.
func (c *Core) API(operations httpapi.Operations) (task.Handler, error) {
	config, err := c.apiConfig(operations)
	if err != nil {
		return nil, err
	}
	handler, err := httpapi.New(config)
	if err != nil {
		return nil, err
	}
	return fromBridge(handler), nil
}

func (c *Core) apiConfig(operations httpapi.Operations) (httpapi.Config, error) {
	config := httpapi.Config{
		Operations: []httpapi.Operations{operations}, Cases: c.Cases, Authenticator: c.Authenticator(), Keys: c.keys(), Tokens: c.Tokens,
		Idempotency: c.Idempotency, Secret: c.SigningSecrets[0], Now: c.Now, NewID: c.NewID, Metrics: c.Metrics, Logger: c.Logger, Version: c.Version,
	}
	switch operations.Audience {
	case httpapi.Review:
		config.People = &identity.Directory{Store: c.Parts.Keys, Now: c.Now}
		config.Reviews = review.New(review.Config{Store: c.Reviews, Now: c.Now, NewID: c.NewID})
		config.Workflows, config.Ledger = c.Catalog.Workflows, c.Decider()
	case httpapi.Client:
		config.Webhooks = c.WebhookService()
		config.Policies, config.Ledger = c.Catalog.PolicyVersion, c.Decider()
	case httpapi.Hooks:
		if err := c.Catalog.LoadPlugins(); err != nil {
			return config, err
		}
		config.Plugins, config.Vendors = c.Catalog.Plugin, c.vendorClient()
	case httpapi.Admin:
		publisher, err := c.Publisher()
		if err != nil {
			return config, err
		}
		config.Publisher, config.Ledger, config.Lists, config.Trials, config.Backtests = publisher, c.Decider(), c.ListService(), c.Trials, c.backtests()
	}
	return config, nil
}

func (c *Core) keys() *identity.Keys {
	return identity.NewKeys(identity.KeysConfig{Store: c.Parts.Keys, Now: c.Now, NewID: c.NewID})
}

// Authenticator turns credentials into principals.
func (c *Core) Authenticator() *identity.Authenticator {
	a := &identity.Authenticator{Keys: c.keys(), Tokens: c.Tokens}
	for _, issuer := range c.Issuers {
		a.People = append(a.People, identity.NewPeople(issuer))
	}
	return a
}

// Authorizer is the function that API Gateway asks about every credential.
func (c *Core) Authorizer() task.Handler {
	authorize := bridge.Authorizer(c.Authenticator())
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var request events.APIGatewayV2CustomAuthorizerV2Request
		if err := json.Unmarshal(payload, &request); err != nil {
			return nil, problem.Wrap(err, problem.MalformedJSON, "The event is not one of an authorizer.")
		}
		response, err := authorize(ctx, request)
		if err != nil {
			return nil, err
		}
		return json.Marshal(response)
	}
}

// fromBridge makes a function of a handler behind API Gateway.
func fromBridge(handler http.Handler) task.Handler {
	serve := bridge.New(handler)
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var request events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(payload, &request); err != nil {
			return nil, problem.Wrap(err, problem.MalformedJSON, "The event is not one of API Gateway.")
		}
		response, err := serve(ctx, request)
		if err != nil {
			return nil, err
		}
		return json.Marshal(response)
	}
}
