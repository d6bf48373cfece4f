package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/connector"
)

func connectorVerifyCommand() *cobra.Command {
	var headers []string
	var callbackFile, folder, now string
	cmd := &cobra.Command{
		Use: "verify FILE --callback FILE --header 'NAME: VALUE'...", Short: "Verify the signature of a stored callback offline, and read it", Args: cobra.ExactArgs(1),
		Long: "Verifies a callback of a vendor as the plugin defines: the exact body, and the headers with which it came. The secret is that of this\n" +
			"machine: BALLERINE_SECRET_NAME, or a file of --secrets. A plugin with a public_key needs none.",
		Example: "  ballerine connector verify video.yaml --callback body.json --header 'X-Signature: …' --now 2026-01-31T10:00:00Z",
		RunE: func(cmd *cobra.Command, args []string) error {
			plugin, err := readPlugin(cmd, args[0])
			if err != nil {
				return err
			}
			header, wrong := headersOf(headers)
			at := time.Now()
			if now != "" {
				if at, err = time.Parse(time.RFC3339, now); err != nil {
					wrong = append(wrong, errors.New("--now must be a time such as 2026-01-31T10:00:00Z"))
				}
			}
			if callbackFile == "" {
				wrong = append(wrong, errors.New("--callback is required: a file with the exact body, - is standard input"))
			}
			if len(wrong) > 0 {
				return usageError{errors.Join(wrong...)}
			}
			body, err := readFile(cmd, callbackFile)
			if err != nil {
				return err
			}
			if header.Get("Content-Type") == "" {
				header.Set("Content-Type", "application/json")
			}
			client := &connector.Client{Secrets: connector.OfMachine(folder, connector.MapSecrets{}), Now: func() time.Time { return at }}
			result, err := client.ReadCallback(cmd.Context(), "", plugin, header, body)
			if err != nil && !errors.Is(err, connector.ErrNotAnAnswer) {
				return err
			}
			return printVerified(cmd, result, err == nil)
		},
	}
	cmd.Flags().StringVar(&callbackFile, "callback", "", "file with the exact body of the callback; - is standard input")
	cmd.Flags().StringArrayVarP(&headers, "header", "H", nil, "a header of the callback, NAME: VALUE; repeatable")
	cmd.Flags().StringVar(&folder, "secrets", "", "folder of vendors' secrets, one file each; BALLERINE_SECRET_NAME in the environment takes precedence")
	cmd.Flags().StringVar(&now, "now", "", "when the callback came, RFC 3339: its timestamp must be close to it; default: now")
	return cmd
}

// printVerified prints that a callback's signature is valid, and what it was read as; not every callback is the answer.
func printVerified(cmd *cobra.Command, result any, answer bool) error {
	if asJSON(cmd) {
		shown := map[string]any{"valid": true, "answer": answer}
		if answer {
			shown["result"] = result
		}
		return printJSON(cmd, shown)
	}
	if !answer {
		printSentence(cmd, "valid; not the answer: callback.when is not true of it")
		return nil
	}
	printSentence(cmd, "valid")
	return printJSON(cmd, result)
}
