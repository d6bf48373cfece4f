package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// pauses between two looks at a case that is waited for.
const (
	firstLook   = 200 * time.Millisecond
	longestLook = 5 * time.Second
)

// WaitForCase polls a case until it is as the caller wants it, at growing intervals. ctx must have a deadline. A webhook
// reports sooner and costs less if there are many cases.
func (c *Client) WaitForCase(ctx context.Context, id string, until func(*Case) bool) (*Case, error) {
	if _, ok := ctx.Deadline(); !ok {
		return nil, errors.New("waiting for a case needs a context with a deadline")
	}
	for pause := firstLook; ; pause = min(pause*3/2, longestLook) {
		found, err := c.GetCase(ctx, id)
		if err != nil {
			return nil, err
		}
		if until(found) {
			return found, nil
		}
		if err := sleep(ctx, pause); err != nil {
			return found, fmt.Errorf("the case is %s in %v: %w", found.Status, found.Configuration, err)
		}
	}
}

// Ended states that a case has ended: it is completed, failed or cancelled. For WaitForCase.
func Ended(c *Case) bool { return c.Status != CaseStatusActive }

// AwaitsReview reports whether there are no automatic steps left: a case has ended or waits for a reviewer. For WaitForCase.
func AwaitsReview(c *Case) bool { return Ended(c) || slices.Contains(c.Tags, "manual_review") }
