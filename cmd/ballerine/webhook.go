package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

func webhookCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "webhook", Short: "Manage and test subscriptions to events of a running system, and verify signatures"}
	commands := []*cobra.Command{
		webhookListCommand(t), webhookCreateCommand(t), completes(webhookUpdateCommand(t), t, knownWebhooks), completes(webhookTestCommand(t), t, knownWebhooks),
		completes(webhookRotateCommand(t), t, knownWebhooks), completes(webhookDeliveriesCommand(t), t, knownWebhooks),
		completes(webhookRetryCommand(t), t, knownWebhooks, knownDeliveries), completes(webhookDeleteCommand(t), t, knownWebhooks),
	}
	for _, c := range commands {
		t.systemFlags(c.Flags())
	}
	cmd.AddCommand(append(commands, webhookVerifyCommand())...)
	return cmd
}

func webhookPath(id string, parts ...string) string {
	path := "/v1/webhooks/" + url.PathEscape(id)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func webhookListCommand(t *target) *cobra.Command {
	return wholeListCommand(t, "List the subscriptions, without their secrets", "/v1/webhooks", printWebhooks)
}

func printWebhooks(cmd *cobra.Command, found []httpapi.Webhook) error {
	return printRows(cmd, found, "WEBHOOK|URL|EVENTS|STATUS|VERSION|CREATED", func(w httpapi.Webhook) []any {
		status := "on"
		if !w.FailingSince.IsZero() {
			status = "on (failing since " + w.FailingSince.Format(time.DateTime) + ")"
		}
		if w.Disabled {
			status = "off (" + w.Reason + ")"
		}
		return []any{w.ID, w.URL, w.Events, status, w.Version, w.CreatedAt}
	})
}

// printWebhook prints one; its secret, where it has just been made, once.
func printWebhook(cmd *cobra.Command, w httpapi.Webhook) error {
	if asJSON(cmd) {
		return printJSON(cmd, w)
	}
	if err := printWebhooks(cmd, []httpapi.Webhook{w}); err != nil || w.Secret == "" {
		return err
	}
	return printSecret(cmd, w.Secret)
}

// eventFlag adds --event.
func eventFlag(cmd *cobra.Command, events *[]string, usage string) {
	types := append(cases.EventTypes(), "case.*", "*")
	cmd.Flags().StringSliceVar(events, "event", nil, usage+": "+strings.Join(types, ", "))
	must(cmd.RegisterFlagCompletionFunc("event", cobra.FixedCompletions(types, cobra.ShellCompDirectiveNoFileComp)))
}

// changeWebhook makes a call that returns a subscription, and prints it.
func (t *target) changeWebhook(cmd *cobra.Command, m message) error {
	r, err := t.system()
	if err != nil {
		return err
	}
	var after httpapi.Webhook
	if err := r.send(cmd.Context(), m, &after); err != nil {
		return err
	}
	return printWebhook(cmd, after)
}

func webhookCreateCommand(t *target) *cobra.Command {
	var events []string
	var key string
	cmd := &cobra.Command{
		Use: "create URL --event TYPE...", Short: "Subscribe a receiver to events; its secret is printed once", Args: cobra.ExactArgs(1),
		Example: "  ballerine webhook create https://example.com/hooks --event case.completed --event case.incident",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(events) == 0 {
				return usageError{errors.New("--event is required: " + strings.Join(cases.EventTypes(), ", ") + "; case.* for a family, * for all")}
			}
			return t.changeWebhook(cmd, message{method: http.MethodPost, path: "/v1/webhooks", body: map[string]any{"url": args[0], "events": events}, header: once(key)})
		},
	}
	eventFlag(cmd, &events, "an event type; repeatable")
	onceFlag(cmd, &key)
	return cmd
}

func webhookUpdateCommand(t *target) *cobra.Command {
	var address string
	var events []string
	var version int
	var off, on bool
	cmd := &cobra.Command{
		Use: "update WEBHOOK", Short: "Change, disable or enable a subscription", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, m := map[string]any{}, message{method: http.MethodPatch, path: webhookPath(args[0])}
			if address != "" {
				body["url"] = address
			}
			if len(events) > 0 {
				body["events"] = events
			}
			if on != off {
				body["disabled"] = off
			}
			switch {
			case on && off:
				return usageError{errors.New("--on and --off exclude each other")}
			case len(body) == 0:
				return usageError{errors.New("specify a change with --url, --event, --on or --off")}
			case version > 0:
				m.header = http.Header{"If-Match": {fmt.Sprintf(`"%d"`, version)}}
			}
			m.body = body
			return t.changeWebhook(cmd, m)
		},
	}
	cmd.Flags().StringVar(&address, "url", "", "new URL of the receiver")
	eventFlag(cmd, &events, "new event types, replacing all previous ones; repeatable")
	cmd.Flags().BoolVar(&off, "off", false, "stop deliveries")
	cmd.Flags().BoolVar(&on, "on", false, "resume deliveries")
	cmd.Flags().IntVar(&version, "version", 0, "only over this version; default: whichever there is")
	return cmd
}

func webhookTestCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "test WEBHOOK", Short: "Send a test event and report the result; fails if the receiver does not accept it", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.deliver(cmd, webhookPath(args[0], "test"))
		},
	}
}

// deliver makes a call that returns a delivery after an attempt, and fails if that has failed.
func (t *target) deliver(cmd *cobra.Command, path string) error {
	r, err := t.system()
	if err != nil {
		return err
	}
	var after httpapi.Delivery
	if err := r.call(cmd.Context(), http.MethodPost, path, nil, &after); err != nil {
		return err
	}
	if asJSON(cmd) {
		err = printJSON(cmd, after)
	} else {
		err = printDeliveries(cmd, []httpapi.Delivery{after})
	}
	if err == nil && after.Status != webhook.Delivered {
		err = problem.New(problem.Invalid, "The receiver did not accept the event: %s.", attempted(after))
	}
	return err
}

// attempted is how the newest attempt went.
func attempted(d httpapi.Delivery) string {
	if len(d.Attempts) == 0 {
		return "not tried yet"
	}
	last := d.Attempts[len(d.Attempts)-1]
	text := fmt.Sprintf("status %d", last.Status)
	if last.Status == 0 {
		text = "no response"
	}
	if last.Error != "" && last.Error != "status" {
		text += " (" + last.Error + ")"
	}
	return text + " after " + last.Duration.Round(time.Millisecond).String()
}

func printDeliveries(cmd *cobra.Command, found []httpapi.Delivery) error {
	return printRows(cmd, found, "DELIVERY|TYPE|STATUS|ATTEMPTS|NEWEST ATTEMPT|NEXT|CREATED|SETTLED BY|REASON", func(d httpapi.Delivery) []any {
		settled := httpapi.DeliverySettled{}
		if d.Settled != nil {
			settled = *d.Settled
		}
		return []any{d.ID, d.Type, d.Status, len(d.Attempts), attempted(d), d.NextAt, d.CreatedAt, settled.By, settled.Reason}
	})
}

func webhookRotateCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "rotate WEBHOOK", Short: "Rotate the secret; the new one is printed once, and the previous one also signs for 24 hours", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.changeWebhook(cmd, message{method: http.MethodPost, path: webhookPath(args[0], "rotate-secret")})
		},
	}
}

func webhookDeliveriesCommand(t *target) *cobra.Command {
	var limit int
	var statuses []string
	known := words([]webhook.Status{webhook.Pending, webhook.Delivered, webhook.Failed, webhook.Discarded})
	cmd := &cobra.Command{
		Use: "deliveries WEBHOOK", Short: "List what was sent to a subscription, newest first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return usageError{errors.New("--limit must be 1 or more")}
			}
			for _, status := range statuses {
				if !slices.Contains(known, status) {
					return usageError{notOneOf("--status", status, known)}
				}
			}
			r, err := t.system()
			if err != nil {
				return err
			}
			found := []httpapi.Delivery{}
			query := url.Values{"limit": {"200"}}
			for {
				var page httpapi.List[httpapi.Delivery]
				if err := r.get(cmd.Context(), webhookPath(args[0], "deliveries")+"?"+query.Encode(), &page); err != nil {
					return err
				}
				for _, d := range page.Data {
					if len(found) < limit && (len(statuses) == 0 || slices.Contains(statuses, string(d.Status))) {
						found = append(found, d)
					}
				}
				if page.NextCursor == nil || len(found) >= limit {
					return printDeliveries(cmd, found)
				}
				query.Set("cursor", *page.NextCursor)
			}
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "maximum number")
	cmd.Flags().StringSliceVar(&statuses, "status", nil, "only deliveries with one of these statuses: "+strings.Join(known, ", "))
	must(cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

func webhookRetryCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "retry WEBHOOK DELIVERY", Short: "Repeat a delivery now; fails if the receiver does not accept it", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.deliver(cmd, webhookPath(args[0], "deliveries", args[1], "redeliver"))
		},
	}
}

func webhookDeleteCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "delete WEBHOOK...", Short: "Delete a subscription; pending deliveries fail", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return t.deleteEach(cmd, ids, "deleted", func(id string) string { return webhookPath(id) })
		},
	}
}
