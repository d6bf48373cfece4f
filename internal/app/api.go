package app

import (
	"context"
	"encoding/json"

	"ballerine/internal/backoffice"
	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/httpapi/bridge"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/task"
)

// API is the function of an audience's operations. Errors: Invalid when a definition has problems.
func (c *Core) API(operations httpapi.Operations) (task.Handler, error) {
	serve, err := c.Serve(operations)
	if err != nil {
		return nil, err
	}
	return Function(serve), nil
}

// Function accepts and returns JSON, as Lambda does.
func Function(serve bridge.Handler) task.Handler {
	return encoded(serve, "The event is not an API Gateway event.")
}

// Serve is API for a caller in the same process, which passes the event as it is.
func (c *Core) Serve(operations httpapi.Operations) (bridge.Handler, error) {
	config, err := c.apiConfig(operations)
	if err != nil {
		return nil, err
	}
	handler, err := httpapi.New(config)
	if err != nil {
		return nil, err
	}
	return bridge.New(handler), nil
}

func (c *Core) apiConfig(operations httpapi.Operations) (httpapi.Config, error) {
	config := httpapi.Config{
		Operations: []httpapi.Operations{operations}, Cases: c.Cases, Authenticator: c.Authenticator(), Keys: c.keys(), Tokens: c.Tokens,
		Idempotency: c.Idempotency, Ring: c.ring, Now: c.Now, NewID: c.NewID, Metrics: c.Metrics, Logger: c.Logger, Version: c.Version,
		Writable: c.Writable, Rates: c.limiter,
	}
	switch operations.Audience {
	case httpapi.Review:
		config.Cases = c.Repairs()
		config.People = &identity.Directory{Store: c.Parts.Keys, Now: c.Now}
		config.Reviews = backoffice.New(backoffice.Config{Store: c.Reviews, Now: c.Now, NewID: c.NewID, Logger: c.Logger})
		config.Workflows, config.Ledger = c.Catalog.Workflows, c.Decider()
		config.Webhooks = c.WebhookService()
	case httpapi.Client:
		config.Webhooks = c.WebhookService()
		config.Policies, config.Ledger = c.Catalog.PolicyVersion, c.Decider()
	case httpapi.Hooks:
		if err := c.Catalog.LoadPlugins(); err != nil {
			return config, err
		}
		config.Plugins, config.Vendors, config.Addresses = c.Catalog.Plugin, c.vendorClient(nil), c.Addresses
	case httpapi.Admin:
		publisher, err := c.Publisher()
		if err != nil {
			return config, err
		}
		config.Publisher, config.Ledger, config.Lists, config.Trials, config.Backtests = publisher, c.Decider(), c.ListService(), c.Trials, c.backtests()
		config.Addresses = c.Addresses
	}
	return config, nil
}

// Repairs is Cases for people who set results of work themselves: they are checked by the plugin or policy that would have returned them.
func (c *Core) Repairs() *cases.Service {
	checking := *c.Cases
	checking.Returns = c.Catalog.CheckResult
	return &checking
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
	return encoded(c.Authorize(), "The event is not an authorizer event.")
}

// Authorize is Authorizer for a caller in the same process, which passes the event as it is.
func (c *Core) Authorize() bridge.Authorize { return bridge.Authorizer(c.Authenticator()) }

// encoded wraps a function whose event and answer are values. nonsense is the error for any other event.
func encoded[I, O any](run func(context.Context, I) (O, error), nonsense string) task.Handler {
	return func(ctx context.Context, payload json.RawMessage) (json.RawMessage, error) {
		var event I
		if err := json.Unmarshal(payload, &event); err != nil {
			return nil, problem.Wrap(err, problem.MalformedJSON, "%s", nonsense)
		}
		answer, err := run(ctx, event)
		if err != nil {
			return nil, err
		}
		return json.Marshal(answer)
	}
}
