package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// listenCommand receives webhooks on this machine, checks their signatures and prints them: for trying things out.
func listenCommand() *cobra.Command {
	var address, secret string
	var fail int
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Receive webhooks on this machine, verify their signatures and print one line for each",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listen(cmd.Context(), cmd.OutOrStdout(), address, secret, fail)
		},
	}
	cmd.Flags().StringVar(&address, "addr", "127.0.0.1:8790", "address to listen on")
	cmd.Flags().StringVar(&secret, "secret", "", "the subscription's secret (whsec_…); default: signatures are not verified")
	cmd.Flags().IntVar(&fail, "fail", 0, "answer the first N deliveries with 503, to see them repeated")
	return cmd
}

// received is a line of output.
type received struct {
	ID        string          `json:"id"`
	Signature string          `json:"signature"` // valid | invalid | unchecked
	Answered  int             `json:"answered"`
	Body      json.RawMessage `json:"body"`
}

func listen(ctx context.Context, out io.Writer, address, secret string, fail int) error {
	check := func([]byte, http.Header) string { return "unchecked" }
	if secret != "" {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			return usageError{fmt.Errorf("--secret is not a valid webhook secret: %w", err)}
		}
		check = func(body []byte, header http.Header) string {
			if verifier.Verify(body, header) != nil {
				return "invalid"
			}
			return "valid"
		}
	}
	var failed atomic.Int64
	var mutex sync.Mutex
	lines := json.NewEncoder(out)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		line := received{ID: r.Header.Get("webhook-id"), Signature: check(body, r.Header), Answered: http.StatusNoContent, Body: body}
		if failed.Add(1) <= int64(fail) {
			line.Answered = http.StatusServiceUnavailable
		}
		if !json.Valid(body) {
			line.Body, line.Answered = nil, http.StatusBadRequest
		}
		w.WriteHeader(line.Answered)
		mutex.Lock()
		defer mutex.Unlock()
		_ = lines.Encode(line) // a closed pipe must not fail the sender
	})}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, `{"listening":"http://%s/"}`+"\n", listener.Addr())
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
