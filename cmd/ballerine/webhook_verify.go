package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ballerine/internal/problem"
)

func webhookVerifyCommand() *cobra.Command {
	var secret string
	var headers []string
	var anyAge bool
	cmd := &cobra.Command{
		Use: "verify FILE --header 'NAME: VALUE'...", Short: "Verify the signature of a stored delivery offline", Args: cobra.ExactArgs(1),
		Long: "Verifies the signature of the exact body of a delivery. FILE contains the body, - is standard input. The three required headers are\n" +
			"webhook-id, webhook-timestamp and webhook-signature. The secret is BALLERINE_WEBHOOK_SECRET, or --secret.",
		Example: "  ballerine webhook verify body.json --header 'webhook-id: evt_…' --header 'webhook-timestamp: 1767225600' --header 'webhook-signature: v1,…'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if secret == "" {
				secret = os.Getenv("BALLERINE_WEBHOOK_SECRET")
			}
			header, err := signatureHeaders(headers)
			if err != nil {
				return err
			}
			verifier, err := standardwebhooks.NewWebhook(secret)
			if secret == "" || err != nil {
				return usageError{errors.New("the secret of the subscription (whsec_…) is required: set BALLERINE_WEBHOOK_SECRET or --secret")}
			}
			body, err := readFile(cmd, args[0])
			if err != nil {
				return err
			}
			if err := verifier.VerifyIgnoringTimestamp(body, header); err != nil {
				return problem.New(problem.Invalid, "The signature is not valid for this body, id, timestamp and secret.")
			}
			if err := verifier.Verify(body, header); err != nil && !anyAge {
				return problem.New(problem.Invalid, "The signature is valid, but its timestamp is more than five minutes from now: a receiver must reject it. Use --any-age to verify a stored delivery.")
			}
			if asJSON(cmd) {
				return printJSON(cmd, map[string]any{"valid": true, "id": header.Get(standardwebhooks.HeaderWebhookID)})
			}
			printSentence(cmd, "valid")
			return nil
		},
	}
	cmd.Flags().StringVar(&secret, "secret", "", "the subscription's secret; default: BALLERINE_WEBHOOK_SECRET, which is not visible in process lists")
	cmd.Flags().StringArrayVarP(&headers, "header", "H", nil, "a header of the delivery, NAME: VALUE; repeatable")
	cmd.Flags().BoolVar(&anyAge, "any-age", false, "accept a timestamp of any age")
	return cmd
}

// signatureHeaders reads headers as they were kept. Errors: usage, with all that are missing.
func signatureHeaders(lines []string) (http.Header, error) {
	header, wrong := headersOf(lines)
	for _, name := range []string{standardwebhooks.HeaderWebhookID, standardwebhooks.HeaderWebhookTimestamp, standardwebhooks.HeaderWebhookSignature} {
		if header.Get(name) == "" {
			wrong = append(wrong, fmt.Errorf("--header '%s: …' is missing", name))
		}
	}
	if len(wrong) > 0 {
		return nil, usageError{errors.Join(wrong...)}
	}
	return header, nil
}

// headersOf reads recorded headers, with all that is wrong with them. A repeated flag is a repeated header.
func headersOf(lines []string) (header http.Header, wrong []error) {
	header = http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(name) == "" {
			wrong = append(wrong, errors.New("--header must be NAME: VALUE"))
			continue
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, wrong
}
