package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/webhook"
)

// undelivered are what is done about dead letters.
type undelivered interface {
	deadLetters(ctx context.Context, filter cases.DeadLetterFilter) ([]cases.DeadLetter, error)
	settle(ctx context.Context, filter cases.DeadLetterFilter, effect string, how cases.Settlement) (settled int, more bool, err error)
}

func outboxCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "outbox", Short: "List, replay and discard what could not be delivered, of a running system (--endpoint) or of local data"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(outboxListCommand(t), outboxSettleCommand(t, false), outboxSettleCommand(t, true))
	return cmd
}

func chooseDeadLetters(cmd *cobra.Command, t *target, filter *cases.DeadLetterFilter) {
	cmd.Flags().StringVar(&filter.Case, "case", "", "only this case")
	completesFlag(cmd, t, "case", knownCases)
	choiceFlag(cmd, &filter.Kind, "kind", chosenKinds, "start, wake, stop, publish, report, cancel, unreadable, or deliver: deliveries to subscribers")
	cmd.Flags().StringVar(&filter.Receiver, "receiver", "", "executions, subscribers, children, or the id of a parent case or of a subscription")
}

// chosenKinds are the kinds of what can become dead letters.
var chosenKinds = []cases.EffectKind{cases.EffectStart, cases.EffectWake, cases.EffectStop, cases.EffectPublish, cases.EffectReport, cases.EffectCancel, cases.EffectAnswer, cases.EffectWatch, cases.EffectUnreadable, httpapi.DeliverKind}

func outboxListCommand(t *target) *cobra.Command {
	var filter cases.DeadLetterFilter
	cmd := &cobra.Command{
		Use: "list", Short: "List dead letters: effects, and deliveries to subscribers, that could not be delivered", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.with(func(s source) error {
				found, err := s.deadLetters(cmd.Context(), filter)
				if err != nil {
					return err
				}
				return printRows(cmd, found, "CASE|EFFECT|KIND|RECEIVER|ERROR|ATTEMPTS|SINCE", func(d cases.DeadLetter) []any {
					return []any{d.Case, d.Effect, d.Kind, d.Receiver, d.Error, d.Attempts, d.DeadAt}
				})
			})
		},
	}
	chooseDeadLetters(cmd, t, &filter)
	return cmd
}

func outboxSettleCommand(t *target, discard bool) *cobra.Command {
	var filter cases.DeadLetterFilter
	var effect, reason string
	var all bool
	use, short := "replay", "Replay dead letters: one (--case and --effect), all that match the flags, or --all"
	if discard {
		use, short = "discard", "Discard dead letters: one (--case and --effect), all that match the flags, or --all"
	}
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case filter == (cases.DeadLetterFilter{}) && effect == "" && !all:
				return usageError{fmt.Errorf("select dead letters with --case, --effect, --kind, --receiver, or --all")}
			case effect != "" && filter.Case == "" && !strings.HasPrefix(effect, "dlv_"):
				return usageError{fmt.Errorf("--effect requires --case")}
			case discard && reason == "":
				return usageError{fmt.Errorf("--reason is required: why they are discarded")}
			}
			return t.with(func(s source) error {
				for sum := 0; ; {
					n, more, err := s.settle(cmd.Context(), filter, effect, cases.Settlement{Discard: discard, Reason: reason})
					if sum += n; err != nil {
						return err
					}
					if !more || n == 0 {
						_, err = fmt.Fprintf(cmd.OutOrStdout(), "%sed %d\n", map[bool]string{false: "replay", true: "discard"}[discard], sum)
						return err
					}
				}
			})
		},
	}
	chooseDeadLetters(cmd, t, &filter)
	cmd.Flags().StringVar(&effect, "effect", "", "only this dead letter: version/number of an effect of the case, or the id of a delivery")
	cmd.Flags().StringVar(&reason, "reason", "", "reason, for the history of the cases and for the deliveries")
	cmd.Flags().BoolVar(&all, "all", false, "all dead letters of the tenant")
	return cmd
}

func (l atRest) deadLetters(ctx context.Context, filter cases.DeadLetterFilter) (found []cases.DeadLetter, err error) {
	for after := ""; filter.Kind != httpapi.DeliverKind; {
		page, next, err := l.service.DeadLetters(ctx, l.principal, filter, after, 200)
		if found = append(found, page...); err != nil {
			return found, err
		}
		if after = next; next == "" {
			break
		}
	}
	for after := ""; filter.Kind == "" || filter.Kind == httpapi.DeliverKind; {
		page, next, err := l.webhooks.Dead(ctx, l.principal.Tenant, webhook.DeadFilter{Subject: filter.Case, Subscription: filter.Receiver}, after, 200)
		for _, one := range page {
			found = append(found, httpapi.DeadDelivery(one))
		}
		if after = next; err != nil || next == "" {
			return found, err
		}
	}
	return found, nil
}

func (l atRest) settle(ctx context.Context, filter cases.DeadLetterFilter, effect string, how cases.Settlement) (settled int, more bool, err error) {
	switch {
	case strings.HasPrefix(effect, "dlv_"):
		return 1, false, l.webhooks.SettleOne(ctx, l.principal.Tenant, effect, l.settlement(how))
	case effect != "":
		return 1, false, l.service.SettleDeadLetter(ctx, l.principal, filter.Case, effect, how)
	}
	if filter.Kind != httpapi.DeliverKind {
		settled, more, err = l.service.SettleDeadLetters(ctx, l.principal, filter, how)
		if more || err != nil || filter.Kind != "" {
			return settled, more, err
		}
	}
	n, more, err := l.webhooks.SettleDead(ctx, l.principal.Tenant, webhook.DeadFilter{Subject: filter.Case, Subscription: filter.Receiver}, l.settlement(how))
	return settled + n, more, err
}

// settlement is what is done about deliveries.
func (l atRest) settlement(how cases.Settlement) webhook.Settlement {
	return webhook.Settlement{Discard: how.Discard, Reason: how.Reason, By: l.principal.ID}
}

func (r remote) deadLetters(ctx context.Context, filter cases.DeadLetterFilter) (found []cases.DeadLetter, err error) {
	query := url.Values{"limit": {"200"}}
	for name, value := range map[string]string{"case": filter.Case, "kind": string(filter.Kind), "receiver": filter.Receiver} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for {
		var page httpapi.List[cases.DeadLetter]
		err := r.get(ctx, "/v1/outbox/dead-letters?"+query.Encode(), &page)
		if found = append(found, page.Data...); err != nil || page.NextCursor == nil {
			return found, err
		}
		query.Set("cursor", *page.NextCursor)
	}
}

func (r remote) settle(ctx context.Context, filter cases.DeadLetterFilter, effect string, how cases.Settlement) (int, bool, error) {
	body := map[string]any{}
	for name, value := range map[string]string{"case": filter.Case, "effect": effect, "kind": string(filter.Kind), "receiver": filter.Receiver, "reason": how.Reason} {
		if value != "" {
			body[name] = value
		}
	}
	what := "replay"
	if how.Discard {
		what = "discard"
	}
	var done httpapi.Settled
	err := r.call(ctx, http.MethodPost, "/v1/outbox/dead-letters/"+what, body, &done)
	return done.Settled, done.More, err
}
