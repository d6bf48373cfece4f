package connector

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"ballerine/internal/problem"
)

// need is a secret or a setting that a plugin names, and where it does.
type need struct {
	name   string
	secret bool
	at     problem.Diagnostic // without code and message
}

// need notes that the document names a secret or a setting.
func (s *source) need(pointer string, offset int, name string, secret bool) {
	if name != "" {
		s.needs = append(s.needs, need{name, secret, s.at(pointer, offset, "", "", "")})
	}
}

// Inventory knows which secrets there are, and may be unable to read them. Errors: problem.Unavailable.
type Inventory interface {
	Has(ctx context.Context, tenant, name string) (bool, error)
}

// InventoryOf asks secrets that can be read.
func InventoryOf(secrets Secrets) Inventory { return readable{secrets} }

type readable struct{ Secrets }

// Has implements Inventory.
func (r readable) Has(ctx context.Context, tenant, name string) (bool, error) {
	_, err := r.Secret(ctx, tenant, name)
	if problem.CodeOf(err) == problem.NotFound {
		return false, nil
	}
	return err == nil, err
}

// Short reports whether a secret is too short to be found in what a vendor answers. Inventories that read no values do not have it.
func (r readable) Short(ctx context.Context, tenant, name string) bool {
	value, err := r.Secret(ctx, tenant, name)
	return err == nil && len(value) < shortestSecret
}

// Codes of what Unconfigured finds.
const (
	CodeSecretMissing  = "secret_missing"
	CodeSecretShort    = "secret_short"
	CodeSettingMissing = "setting_missing"
	CodeSettingInvalid = "setting_invalid"
)

// Unconfigured is what the plugin names and an installation does not have, each name once, as warnings: a plugin may be
// configured after it is published. Values are never part of them. A nil inventory is not consulted; one that cannot be
// read is reported.
func (p *Plugin) Unconfigured(ctx context.Context, tenant string, settings map[string]string, inventory Inventory) (found problem.Diagnostics) {
	seen := map[string]bool{}
	for _, n := range p.needs {
		key := n.word() + n.name
		if seen[key] {
			continue
		}
		seen[key] = true
		d := n.at
		d.Severity = problem.SeverityWarning
		switch {
		case !n.secret:
			if d.Code, d.Message, d.Hint = p.settingFault(n.name, settings); d.Code == "" {
				continue
			}
		case inventory == nil:
			continue
		default:
			if d.Code, d.Message, d.Hint = secretFault(ctx, tenant, n.name, inventory); d.Code == "" {
				continue
			}
		}
		found = append(found, d)
	}
	return found
}

// secretFault states what is wrong with a secret; an empty code: nothing.
func secretFault(ctx context.Context, tenant, name string, inventory Inventory) (code, message, hint string) {
	has, err := inventory.Has(ctx, tenant, name)
	measured, measures := inventory.(interface {
		Short(ctx context.Context, tenant, name string) bool
	})
	switch {
	case err != nil:
		return CodeSecretMissing, "Whether the secret " + name + " is configured is unknown.", ""
	case !has:
		return CodeSecretMissing, "The secret " + name + " is not configured.", "on one machine: " + SecretPrefix + name + "=… or a file of --secrets; on AWS: Secrets Manager"
	case measures && measured.Short(ctx, tenant, name):
		return CodeSecretShort, "The secret " + name + " is shorter than eight bytes: it is not hidden in answers that repeat it within a longer text.", "have the vendor give you a longer one"
	}
	return "", "", ""
}

func (n need) word() string {
	if n.secret {
		return "secret."
	}
	return "vendor."
}

// settingFault states what is wrong with a setting; an empty code: it is valid.
func (p *Plugin) settingFault(name string, settings map[string]string) (code, message, hint string) {
	value := settings[name]
	if value == "" {
		return CodeSettingMissing, "The setting vendor." + name + " is not configured.", "on one machine: --setting " + name + "=… or " + variable(name) + "=…; on AWS: the parameter PluginSettings"
	}
	if !slices.ContainsFunc(p.units(), func(u *Plugin) bool { return u.begins(name) }) {
		return "", "", ""
	}
	address, err := url.Parse(value)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Host == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return CodeSettingInvalid, "The setting vendor." + name + " is not a base address.", "such as https://api.example.com/v2, without credentials, a query and a fragment"
	}
	return "", "", ""
}

// begins reports whether a setting is the beginning of an address of the request.
func (p *Plugin) begins(setting string) bool {
	return p.url.parts[0].setting == setting || p.auth.oauth != nil && p.auth.oauth.url.parts[0].setting == setting
}

// variable is what the environment calls a setting. Only of a name in small letters it may have capitals.
func variable(name string) string {
	if name == strings.ToLower(name) {
		name = strings.ToUpper(name)
	}
	return SettingPrefix + name
}

// SettingPrefix stands before the name of a vendor's setting in the environment.
const SettingPrefix = "BALLERINE_SETTING_"

// Secrets are the names of the secrets that the plugin uses, sorted.
func (p *Plugin) Secrets() []string { return p.names(true) }

// Settings are the names of the settings that the plugin uses, sorted.
func (p *Plugin) Settings() []string { return p.names(false) }

func (p *Plugin) names(secret bool) []string {
	names := []string{}
	for _, n := range p.needs {
		if n.secret == secret {
			names = append(names, n.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
