package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/webhook"
)

// happened is what is read of events.
type happened interface {
	events(ctx context.Context, choice eventChoice) (httpapi.EventList, error)
}

// eventChoice is a page of events.
type eventChoice struct {
	types         []string
	in            string // the case
	after, cursor string
	since, before time.Time
	limit         int
}

func eventCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "event", Short: "Read events, of a running system (--endpoint) or of local data"}
	t.flags(cmd.PersistentFlags())
	cmd.AddCommand(eventListCommand(t))
	return cmd
}

func eventListCommand(t *target) *cobra.Command {
	var choice eventChoice
	var since, before string
	var most int
	cmd := &cobra.Command{
		Use: "list", Short: "List the events that webhooks deliver, oldest first; they are kept for 30 days, with or without a subscription", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			for flag, at := range map[string]struct {
				text string
				time *time.Time
			}{"--created-after": {since, &choice.since}, "--created-before": {before, &choice.before}} {
				if *at.time, err = parseTime(flag, at.text); err != nil {
					return err
				}
			}
			if most < 0 {
				return usageError{fmt.Errorf("--limit must be at least 1, or 0 for all")}
			}
			return t.with(func(s source) error {
				list, err := allEvents(cmd.Context(), s, choice, most)
				if err != nil {
					return err
				}
				return showEvents(cmd, list)
			})
		},
	}
	cmd.Flags().StringArrayVar(&choice.types, "type", nil, "only events of this type, such as case.completed or case.*; repeatable")
	cmd.Flags().StringVar(&choice.in, "case", "", "only events of this case")
	cmd.Flags().StringVar(&choice.after, "after", "", "only events after the one with this id")
	cmd.Flags().StringVar(&since, "created-after", "", "only events that became final at or after this time, such as 2026-03-04T05:06:07Z")
	cmd.Flags().StringVar(&before, "created-before", "", "only events that became final before this time")
	cmd.Flags().IntVar(&most, "limit", 100, "maximum number of events; 0 means all")
	return cmd
}

// parseTime reads a flag's time; the zero time of none.
func parseTime(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usageError{fmt.Errorf("%s must be a time such as 2026-03-04T05:06:07Z", flag)}
	}
	return at, nil
}

// allEvents reads pages until there are enough, or no more.
func allEvents(ctx context.Context, s source, choice eventChoice, most int) (list httpapi.EventList, err error) {
	for {
		if choice.limit = 200; most > 0 {
			choice.limit = min(choice.limit, most-len(list.Data))
		}
		page, err := s.events(ctx, choice)
		if err != nil {
			return list, err
		}
		list.Data, list.CompleteUntil, list.NextCursor = append(list.Data, page.Data...), page.CompleteUntil, page.NextCursor
		if page.NextCursor == nil || most > 0 && len(list.Data) >= most {
			return list, nil
		}
		choice.cursor = *page.NextCursor
	}
}

func showEvents(cmd *cobra.Command, list httpapi.EventList) error {
	if asJSON(cmd) {
		return printJSON(cmd, map[string]any{"data": append([]webhook.Envelope{}, list.Data...), "complete_until": list.CompleteUntil})
	}
	err := printTable(cmd, list.Data, "TIME|TYPE|CASE|ID", func(e webhook.Envelope) []any { return []any{e.Time, e.Type, e.Subject, e.ID} })
	if list.NextCursor != nil && len(list.Data) > 0 {
		printSentence(cmd, "There are more events: continue with --after %s", list.Data[len(list.Data)-1].ID)
	}
	return err
}

func (l atRest) events(ctx context.Context, choice eventChoice) (httpapi.EventList, error) {
	wants, err := l.webhooks.Wanted("--type", choice.types)
	if err != nil {
		return httpapi.EventList{}, err
	}
	page, err := l.service.Events(ctx, l.principal, cases.EventQuery{
		Wants: wants, Case: choice.in, After: choice.after, Since: choice.since, Before: choice.before, Limit: choice.limit, Cursor: choice.cursor,
	})
	if err != nil {
		return httpapi.EventList{}, err
	}
	list := httpapi.EventList{Data: httpapi.Envelopes(l.webhooks, page), CompleteUntil: page.Until}
	if page.Next != "" {
		list.NextCursor = &page.Next
	}
	return list, nil
}

func (r remote) events(ctx context.Context, choice eventChoice) (page httpapi.EventList, err error) {
	query := url.Values{"limit": {strconv.Itoa(choice.limit)}, "type": choice.types}
	for name, value := range map[string]string{"case": choice.in, "after": choice.after, "cursor": choice.cursor} {
		if value != "" {
			query.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"created_after": choice.since, "created_before": choice.before} {
		if !at.IsZero() {
			query.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	err = r.get(ctx, "/v1/events?"+query.Encode(), &page)
	return page, err
}
