package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

// finding is what one examination of a system has shown.
type finding struct {
	Check   string `json:"check"`
	Outcome string `json:"outcome"` // "ok", "problem", or "skipped"
	Detail  string `json:"detail,omitempty"`
}

const (
	fine    = "ok"
	wrong   = "problem"
	skipped = "skipped"
)

// longestDrift between the clocks of a system and of this machine. Signatures of callbacks and webhooks allow five minutes.
const longestDrift = time.Minute

func doctorCommand() *cobra.Command {
	t := &target{}
	cmd := &cobra.Command{
		Use: "doctor", Short: "Examine a running system from outside, for example after a deployment: is it up, does it reject unauthenticated calls, can people sign in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			t.fromEnvironment()
			address, err := url.Parse(t.endpoint)
			if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
				return usageError{errors.New("specify a running system with --endpoint URL or BALLERINE_ENDPOINT")}
			}
			d := &doctor{endpoint: strings.TrimSuffix(t.endpoint, "/"), key: t.key, now: time.Now, client: &http.Client{
				Timeout: longestAnswer, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}}
			return d.report(cmd, d.examine(cmd.Context()))
		},
	}
	t.systemFlags(cmd.Flags())
	return cmd
}

// doctor examines a system.
type doctor struct {
	endpoint, key string
	now           func() time.Time
	client        *http.Client
	found         []finding
}

func (d *doctor) add(check, outcome, format string, args ...any) {
	d.found = append(d.found, finding{check, outcome, fmt.Sprintf(format, args...)})
}

func (d *doctor) examine(ctx context.Context) []finding {
	if d.health(ctx) {
		d.refuses(ctx, "rejects calls without a credential", "", http.StatusUnauthorized)
		d.refuses(ctx, "rejects an invalid credential", "Bearer blr_invented", http.StatusUnauthorized, http.StatusForbidden)
		d.knows(ctx)
		d.watchlists(ctx)
		d.dashboard(ctx)
	}
	return d.found
}

// seen is what is read of an answer beside its body.
type seen struct {
	StatusCode int
	Status     string
	Header     http.Header
}

// get requests an address; authorization may be empty.
func (d *doctor) get(ctx context.Context, address, authorization string) (seen, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return seen{}, nil, err
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return seen{}, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return seen{response.StatusCode, response.Status, response.Header}, text, err
}

// health reports whether the system is up, and whether its clock is this machine's.
func (d *doctor) health(ctx context.Context) bool {
	response, text, err := d.get(ctx, d.endpoint+"/v1/health", "")
	var up struct{ Status, Version string }
	switch {
	case err != nil:
		d.add("is up", wrong, "it does not respond: %v", err)
		return false
	case response.StatusCode != http.StatusOK || json.Unmarshal(text, &up) != nil || up.Status != "ok":
		d.add("is up", wrong, "/v1/health returns %s", response.Status)
		return false
	}
	d.add("is up", fine, "%s", strings.TrimSpace("version "+up.Version))
	if at, err := http.ParseTime(response.Header.Get("Date")); err != nil {
		d.add("clock", skipped, "its answer has no Date header")
	} else if drift := d.now().Sub(at).Abs(); drift > longestDrift {
		d.add("clock", wrong, "it differs from this machine's clock by %s: time-stamped signatures would be rejected", drift.Round(time.Second))
	} else {
		d.add("clock", fine, "")
	}
	if strings.HasPrefix(d.endpoint, "https:") && response.Header.Get("Strict-Transport-Security") == "" {
		d.add("transport", skipped, "no Strict-Transport-Security: this is not the dashboard's address, or a proxy removes the header")
	}
	return true
}

// refuses reports whether a call is answered as one without rights.
func (d *doctor) refuses(ctx context.Context, check, authorization string, statuses ...int) {
	response, _, err := d.get(ctx, d.endpoint+"/v1/me", authorization)
	if err != nil {
		d.add(check, wrong, "%v", err)
		return
	}
	for _, status := range statuses {
		if response.StatusCode == status {
			d.add(check, fine, "%d", status)
			return
		}
	}
	d.add(check, wrong, "/v1/me returns %s", response.Status)
}

// knows reports whether the credential is accepted: the authorizer, its secrets and the tables work.
func (d *doctor) knows(ctx context.Context) {
	const check = "accepts the credential"
	if d.key == "" {
		d.add(check, skipped, "no credential was supplied with --api-key or BALLERINE_API_KEY")
		return
	}
	response, text, err := d.get(ctx, d.endpoint+"/v1/me", "Bearer "+d.key)
	var me struct{ Tenant string }
	var refused struct{ Details struct{ Permission string } }
	switch {
	case err != nil:
		d.add(check, wrong, "%v", err)
	case response.StatusCode == http.StatusForbidden && json.Unmarshal(text, &refused) == nil && refused.Details.Permission != "":
		d.add(check, fine, "a key: it is known; no more is shown of a key") // a caller that is not known does not learn what is missing
	case response.StatusCode != http.StatusOK || json.Unmarshal(text, &me) != nil:
		d.add(check, wrong, "/v1/me returns %s", response.Status)
	default:
		d.add(check, fine, "tenant %s", me.Tenant)
	}
}

// watchlists reports whether the tenant has a list to screen against. Without one nobody counts as harmless, but
// everybody waits for a person: the system works, and tenants without screening need no list.
func (d *doctor) watchlists(ctx context.Context) {
	const check = "watch lists"
	if d.key == "" {
		return // reported above
	}
	response, text, err := d.get(ctx, d.endpoint+"/v1/watchlists", "Bearer "+d.key)
	var listed struct {
		Data []struct {
			Name    string
			Current *struct{}
		}
	}
	switch {
	case err != nil:
		d.add(check, wrong, "%v", err)
		return
	case response.StatusCode == http.StatusForbidden || response.StatusCode == http.StatusUnauthorized:
		d.add(check, skipped, "the credential cannot read them")
		return
	case response.StatusCode != http.StatusOK || json.Unmarshal(text, &listed) != nil:
		d.add(check, wrong, "/v1/watchlists returns %s", response.Status)
		return
	}
	var names []string
	for _, list := range listed.Data {
		if list.Current != nil {
			names = append(names, list.Name)
		}
	}
	if len(names) == 0 {
		d.add(check, skipped, "none is loaded: screening fails with unknown_list, and a person decides about each case, until `ballerine watchlist load` has loaded one")
		return
	}
	d.add(check, fine, "%s", strings.Join(names, ", "))
}

// dashboard reports whether the pages are there and their sign-in is one that answers.
func (d *doctor) dashboard(ctx context.Context) {
	response, text, err := d.get(ctx, d.endpoint+"/config.json", "")
	if err != nil || response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusForbidden {
		d.add("dashboard", skipped, "there is no dashboard at this address: examine the output DashboardUrl as well")
		return
	}
	var settings struct {
		Issuer   string `json:"issuer"`
		ClientID string `json:"client_id"`
	}
	if response.StatusCode != http.StatusOK || json.Unmarshal(text, &settings) != nil || settings.Issuer == "" || settings.ClientID == "" {
		d.add("dashboard", wrong, "/config.json returns %s and does not configure the sign-in: make deploy-dashboard", response.Status)
		return
	}
	page, _, err := d.get(ctx, d.endpoint+"/", "")
	switch {
	case err != nil:
		d.add("dashboard", wrong, "%v", err)
	case page.StatusCode != http.StatusOK || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html"):
		d.add("dashboard", wrong, "the page returns %s: make deploy-dashboard", page.Status)
	case page.Header.Get("Content-Security-Policy") == "":
		d.add("dashboard", wrong, "the page has no Content-Security-Policy")
	default:
		d.add("dashboard", fine, "")
	}
	d.signIn(ctx, settings.Issuer)
}

func (d *doctor) signIn(ctx context.Context, issuer string) {
	response, text, err := d.get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", "")
	var discovered struct{ Issuer string }
	switch {
	case err != nil:
		d.add("sign-in", wrong, "the issuer does not respond: %v", err)
	case response.StatusCode != http.StatusOK || json.Unmarshal(text, &discovered) != nil:
		d.add("sign-in", wrong, "the issuer returns %s", response.Status)
	case discovered.Issuer != issuer:
		d.add("sign-in", wrong, "/config.json names the issuer %s, which identifies itself as %s", issuer, discovered.Issuer)
	default:
		d.add("sign-in", fine, "%s", issuer)
	}
}

// report prints the findings. Error: there is a problem.
func (d *doctor) report(cmd *cobra.Command, found []finding) error {
	problems := 0
	for _, f := range found {
		if f.Outcome == wrong {
			problems++
		}
	}
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"endpoint": d.endpoint, "checks": found, "problems": problems}); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		for _, f := range found {
			fmt.Fprintf(table, "%s\t%s\t%s\n", f.Outcome, f.Check, f.Detail)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	if problems > 0 {
		return fmt.Errorf("%s has problems", d.endpoint)
	}
	return nil
}
