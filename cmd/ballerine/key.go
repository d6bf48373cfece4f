package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

func keyCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{Use: "key", Short: "List, create, rotate and revoke API keys of a running system"}
	t.systemFlags(cmd.PersistentFlags())
	cmd.AddCommand(keyListCommand(t), keyCreateCommand(t), completes(keyRotateCommand(t), t, knownKeys), completes(keyRevokeCommand(t), t, knownKeys))
	return cmd
}

func keyPath(id, what string) string {
	return strings.TrimSuffix("/v1/keys/"+url.PathEscape(id)+"/"+what, "/")
}

func keyListCommand(t *target) *cobra.Command {
	return wholeListCommand(t, "List the keys, without their secrets", "/v1/keys", printKeys)
}

func printKeys(cmd *cobra.Command, keys []httpapi.Key) error {
	return printRows(cmd, keys, "KEY|NAME|BEGINS WITH|SCOPES|STATUS|CREATED|BY|EXPIRES", func(k httpapi.Key) []any {
		scopes, status := k.Scopes, "valid"
		if len(scopes) == 0 {
			scopes = []string{"those of a client"}
		}
		switch {
		case k.RevokedAt != nil:
			status = "revoked"
		case k.ExpiresAt != nil && k.ExpiresAt.Before(time.Now()):
			status = "expired"
		}
		return []any{k.ID, k.Name, "blr_" + k.Prefix, scopes, status, k.CreatedAt, k.CreatedBy, k.ExpiresAt}
	})
}

// scopes are what a key may name.
func scopes() []string {
	known := append(words(identity.Permissions()), identity.Redacted, "*")
	slices.Sort(known)
	return known
}

func keyCreateCommand(t *target) *cobra.Command {
	var name, expires string
	var named []string
	cmd := &cobra.Command{
		Use: "create --name NAME", Short: "Create a key; its secret is printed once", Args: cobra.NoArgs,
		Example: "  KEY=$(ballerine key create --name crm --scope cases:read --scope cases:write --json | jq -r .secret)",
		RunE: func(cmd *cobra.Command, _ []string) error {
			body := map[string]any{"name": name}
			var wrong []error
			if strings.TrimSpace(name) == "" {
				wrong = append(wrong, errors.New("--name is required: the key's owner and purpose, as listed by `ballerine key list`"))
			}
			for _, scope := range named {
				if !slices.Contains(scopes(), scope) {
					wrong = append(wrong, notOneOf("--scope", scope, scopes()))
				}
			}
			if len(named) > 0 {
				body["scopes"] = named
			}
			if expires != "" {
				at, err := readTime(expires)
				if err != nil {
					wrong = append(wrong, err)
				}
				body["expires_at"] = at
			}
			if len(wrong) > 0 {
				return usageError{errors.Join(wrong...)}
			}
			return t.showSecret(cmd, "/v1/keys", body)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "name of the key: its owner and purpose")
	cmd.Flags().StringSliceVar(&named, "scope", nil, "a permission of the key; repeatable. Default: the permissions of a client")
	cmd.Flags().StringVar(&expires, "expires", "", "expiry: RFC 3339, or a date; default: never")
	must(cmd.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions(scopes(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// showSecret makes a call that returns a key and its secret, and prints both: the secret cannot be shown again.
func (t *target) showSecret(cmd *cobra.Command, path string, body any) error {
	r, err := t.system()
	if err != nil {
		return err
	}
	var made httpapi.Key
	if err := r.call(cmd.Context(), http.MethodPost, path, body, &made); err != nil {
		return err
	}
	if asJSON(cmd) {
		return printJSON(cmd, made)
	}
	if err := printKeys(cmd, []httpapi.Key{made}); err != nil {
		return err
	}
	return printSecret(cmd, made.Secret)
}

func keyRotateCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "rotate KEY", Short: "Rotate the secret of a key; the new secret is printed once, the previous one stays valid for a day", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.showSecret(cmd, keyPath(args[0], "rotate"), nil)
		},
	}
}

func keyRevokeCommand(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "revoke KEY...", Short: "Revoke keys immediately", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, ids []string) error {
			return t.deleteEach(cmd, ids, "revoked", func(id string) string { return keyPath(id, "") })
		},
	}
}

// deleteEach deletes items one after the other, and reports each.
func (t *target) deleteEach(cmd *cobra.Command, ids []string, done string, path func(id string) string) error {
	r, err := t.system()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := r.call(cmd.Context(), http.MethodDelete, path(id), nil, nil); err != nil {
			return err
		}
		if asJSON(cmd) {
			if err := printJSON(cmd, map[string]any{"id": id, done: true}); err != nil {
				return err
			}
		}
		printSentence(cmd, "%s: %s", visible(id), done)
	}
	return nil
}
