package connector

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync/atomic"
)

var errRepeated = errors.New("the connection broke after the request was sent")

// once prevents the transport from sending a request a second time by itself, as it does on a connection that breaks if
// the method or an Idempotency-Key allows it: that call would not be recorded and would have no pause before it. The
// caller retries and counts. The context counts for one request, until its body has been read.
func once(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	var sent, over atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { sent.Store(true) },
		GetConn: func(string) {
			if sent.Load() {
				over.Store(true)
				cancel(errRepeated)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if over.Load() { // one that was idle may come before the end is noticed
				_ = info.Conn.Close() // nothing was sent on it
			}
		},
	})
	return traced, func() { cancel(nil) }
}
