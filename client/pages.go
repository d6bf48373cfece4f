package client

import (
	"context"
	"errors"
	"iter"
)

// each reads the pages of a list, one when it is needed, and yields what is on them. An error is yielded last. A page may
// be empty although there is a next one; the same cursor twice in a row would never end, and is an error.
func each[T any](read func(cursor *string) (page []T, next *string, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		var cursor *string
		for {
			page, next, err := read(cursor)
			if err != nil {
				yield(none, err)
				return
			}
			for _, one := range page {
				if !yield(one, nil) {
					return
				}
			}
			if next == nil {
				return
			}
			if cursor != nil && *cursor == *next {
				yield(none, errors.New("the list does not advance: its next cursor is the one that was sent"))
				return
			}
			cursor = next
		}
	}
}

// orNone is a copy of parameters, which the pages' cursors are written into.
func orNone[P any](params *P) P {
	if params == nil {
		return *new(P)
	}
	return *params
}

// AllCases yields the cases of a list, the newest first unless Sort says otherwise. It is ListCases, page by page.
func (c *Client) AllCases(ctx context.Context, params *ListCasesParams) iter.Seq2[Case, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]Case, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListCases(ctx, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllHistory yields the entries of a case's history. It is ListHistory, page by page.
func (c *Client) AllHistory(ctx context.Context, id string, params *ListHistoryParams) iter.Seq2[Entry, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]Entry, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListHistory(ctx, id, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllListEditions yields the editions of a list, the newest first. It is ListListEditions, page by page.
func (c *Client) AllListEditions(ctx context.Context, id string, params *ListListEditionsParams) iter.Seq2[ValueListEdition, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]ValueListEdition, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListListEditions(ctx, id, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllListEntries yields the entries of a list, of one edition. It is GetListEntries, page by page.
func (c *Client) AllListEntries(ctx context.Context, id string, params *GetListEntriesParams) iter.Seq2[ValueListEntry, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]ValueListEntry, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.GetListEntries(ctx, id, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllDeadLetters yields the effects and deliveries whose attempts are used up. It is ListDeadLetters, page by page.
func (c *Client) AllDeadLetters(ctx context.Context, params *ListDeadLettersParams) iter.Seq2[DeadLetter, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]DeadLetter, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListDeadLetters(ctx, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllBacktests yields the backtests of a policy. It is ListBacktests, page by page.
func (c *Client) AllBacktests(ctx context.Context, id string, params *ListBacktestsParams) iter.Seq2[BacktestRun, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]BacktestRun, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListBacktests(ctx, id, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllPolicyDecisions yields the kept decisions of a policy. It is ListPolicyDecisions, page by page.
func (c *Client) AllPolicyDecisions(ctx context.Context, id string, params *ListPolicyDecisionsParams) iter.Seq2[PolicyDecision, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]PolicyDecision, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListPolicyDecisions(ctx, id, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllTrials yields the trials of a policy. It is ListTrials, page by page.
func (c *Client) AllTrials(ctx context.Context, id string, params *ListTrialsParams) iter.Seq2[PolicyTrial, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]PolicyTrial, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListTrials(ctx, id, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllProposals yields what waits, or waited, for a second person's approval. It is ListProposals, page by page.
func (c *Client) AllProposals(ctx context.Context, params *ListProposalsParams) iter.Seq2[Proposal, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]Proposal, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListProposals(ctx, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllDeliveries yields the deliveries of a webhook subscription. It is ListDeliveries, page by page.
func (c *Client) AllDeliveries(ctx context.Context, id string, params *ListDeliveriesParams) iter.Seq2[Delivery, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]Delivery, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListDeliveries(ctx, id, &page)
		if err != nil {
			return nil, nil, err
		}
		return found.Data, found.NextCursor, nil
	})
}

// AllEvents yields what has happened, oldest first, with the data of each event by its type: what a receiver of webhooks has missed. It is
// ListEvents, page by page.
func (c *Client) AllEvents(ctx context.Context, params *ListEventsParams) iter.Seq2[*Event, error] {
	query := orNone(params)
	return each(func(cursor *string) ([]*Event, *string, error) {
		page := query
		if cursor != nil {
			page.Cursor = cursor
		}
		found, err := c.ListEvents(ctx, &page)
		if err != nil {
			return nil, nil, err
		}
		events := make([]*Event, len(found.Data))
		for i, one := range found.Data {
			events[i] = &Event{ID: one.ID, Source: one.Source, Type: one.Type, Time: one.Time, Raw: one.Data}
			if one.Subject != nil {
				events[i].Subject = *one.Subject
			}
			if err := events[i].readData(); err != nil {
				return nil, nil, err
			}
		}
		return events, found.NextCursor, nil
	})
}
