package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/demo"
	"ballerine/internal/local"
	"ballerine/internal/problem"
	"ballerine/internal/telemetry"
	"ballerine/statemachines"
)

// stopTime is how long a stop may take before the process ends all the same.
const stopTime = 15 * time.Second

// gcPercent lets the heap grow further between collections than Go's default of 100: the system's live data is small.
const gcPercent = 400

func devCommand() *cobra.Command {
	var options local.Options
	var seed, verbose bool
	var limits, rates, settingsFile string
	var settings []string
	var traffic trafficFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run the whole system on this machine: API, executions, storage, a sandbox vendor, a demo watch list, sign-in",
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			level := slog.LevelWarn
			if verbose {
				level = slog.LevelInfo
			}
			options.Logger = telemetry.NewLogger(cmd.ErrOrStderr(), level)
			if err := readLimits("case-limits", limits, &options.Limits); err != nil {
				return err
			}
			if err := readLimits("request-limits", rates, &options.RequestLimits); err != nil {
				return err
			}
			if settingsFile == "" {
				settingsFile = settingsOf(".")
			}
			if options.Settings, err = vendorSettings(cmd, settingsFile, settings); err != nil {
				return err
			}
			if err := folderOfSecrets(options.Secrets); err != nil {
				return err
			}
			if options.Traffic, err = traffic.open(options); err != nil {
				return err
			}
			options.Definitions, options.Version = statemachines.Files, version()
			return dev(cmd, options, seed, asJSON(cmd))
		},
	}
	cmd.Flags().StringVar(&options.Data, "data", ".ballerine", "folder in which all data is stored")
	cmd.Flags().StringVar(&options.Address, "addr", "127.0.0.1:8787", "address to listen on; port 0 picks a free one")
	cmd.Flags().BoolVar(&options.NewSecrets, "new-secrets", false, "create new secrets for the data folder if its secrets.json is lost: all earlier links, tokens and sign-ins become invalid")
	cmd.Flags().StringVar(&options.DynamoDB, "dynamodb", "", "URL of a DynamoDB Local that stores cases instead of the file in the data folder")
	cmd.Flags().StringVar(&options.Functions, "functions", "", "folder of compiled functions (<name>/bootstrap) to run as child processes; needs --dynamodb")
	cmd.Flags().DurationVar(&options.Session, "session", 0, "lifetime of a sign-in (default 12h)")
	cmd.Flags().DurationVar(&options.TokenLife, "token-life", 0, "lifetime of each access token of a sign-in (default 10m)")
	cmd.Flags().StringVar(&limits, "case-limits", "", `limits of what callers may add to a case, as a JSON object: {"applicant": {"burst": 60, "per_minute": 30, "total": 2000}}`)
	cmd.Flags().StringVar(&rates, "request-limits", "", `rate limits of requests as a JSON object (default: no limits): {"tenant": {"rate": 100, "burst": 300}, "credential": {"rate": 50, "burst": 200}, "applicant": {"rate": 5, "burst": 50}}`)
	cmd.Flags().StringVar(&options.Secrets, "secrets", "", "folder of vendors' secrets, one file each: NAME or TENANT/NAME; BALLERINE_SECRET_NAME in the environment takes precedence")
	cmd.Flags().StringArrayVar(&settings, "setting", nil, "NAME=VALUE: value of {vendor.NAME} in plugins; alternatively BALLERINE_SETTING_NAME in the environment")
	cmd.Flags().StringVar(&settingsFile, "settings", "", "YAML or JSON file of settings; --setting and the environment take precedence. Default: settings.yaml of the project in this folder")
	traffic.flags(cmd.Flags())
	cmd.Flags().BoolVar(&seed, "seed", false, "add demo cases if the data folder is empty")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "log all activity, not only warnings and errors")
	return cmd
}

// readLimits reads limits as JSON; an empty text changes nothing.
func readLimits(flag, text string, into any) error {
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return problem.Wrap(err, problem.Invalid, "--%s must be a JSON object of limits.", flag)
	}
	return nil
}

// ready is the line from which scripts learn that the system answers. Its form is a contract.
type ready struct {
	Ready     bool       `json:"ready"`
	API       string     `json:"api"`
	Dashboard string     `json:"dashboard"`
	Flow      string     `json:"flow"` // the applicants' pages; "" when they were not built
	Demo      local.Demo `json:"demo"`
}

func dev(cmd *cobra.Command, options local.Options, seed, asJSON bool) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	debug.SetGCPercent(gcPercent)
	if seed {
		if err := seedDemo(cmd, options); err != nil {
			return err
		}
	}
	options.Cast = demo.Cast()
	stack, err := local.Start(ctx, options)
	if err != nil {
		return err
	}
	warnUnconfigured(cmd, stack)
	if seed {
		err = demo.Attend(ctx, stack)
	}
	if err == nil {
		err = announce(ctx, out, stack, options, asJSON)
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-stack.Failed():
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if closeErr := stack.Close(stopping); err == nil {
		err = closeErr
	}
	return err
}

// announce prints where the system is, once it serves.
func announce(ctx context.Context, out io.Writer, stack *local.Stack, options local.Options, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(ready{Ready: true, API: stack.URL, Dashboard: stack.URL + "/", Flow: stack.ApplicantPages(), Demo: stack.Demo})
	}
	return welcome(ctx, out, stack, options)
}

// dashboardLine is where to look first: a case that waits for a decision, when there is one.
func dashboardLine(ctx context.Context, stack *local.Stack) string {
	if !local.HasDashboard() {
		return "(" + local.NoDashboard + ")"
	}
	if id := stack.CaseToDecide(ctx); id != "" {
		return stack.URL + "/cases/" + id + "   (sign in as Rita Reviewer)"
	}
	return stack.URL + "/"
}

// demoLink is how long the link of the demo's applicant is good: as long as one can be.
const demoLink = 24 * time.Hour

// applicantLine is where an applicant fills in a case of the demo, with their token: behind #, where no server sees it.
func applicantLine(ctx context.Context, stack *local.Stack) string {
	pages := stack.ApplicantPages()
	if pages == "" {
		return "(" + local.NoApplicants + ")"
	}
	id := stack.CaseToFillIn(ctx)
	if id == "" {
		return pages + "#token=…   (a token: POST /v1/cases/{id}/flow-tokens)"
	}
	var made struct{ Token string }
	err := remote{stack.URL, stack.Demo.APIKey}.call(ctx, http.MethodPost, "/v1/cases/"+id+"/flow-tokens", map[string]any{"expires_in": int(demoLink.Seconds())}, &made)
	if err != nil {
		return pages + "#token=…   (no token could be made: " + err.Error() + ")"
	}
	return pages + "#token=" + made.Token
}

func welcome(ctx context.Context, out io.Writer, stack *local.Stack, options local.Options) error {
	_, err := fmt.Fprintf(out, `Ballerine is running on this machine. Ctrl-C stops it; everything is kept in %s.

  dashboard  %s
  applicant  %s
  API        %s
  metrics    %s/metrics
  API key    %s
  users      (password "demo"; their tokens are in demo.env: $ADMIN, $REVIEWER, …)
`, options.Data, dashboardLine(ctx, stack), applicantLine(ctx, stack), stack.URL, stack.URL, stack.Demo.APIKey)
	for _, user := range stack.Demo.Users {
		if err == nil {
			_, err = fmt.Fprintf(out, "             %-24s %s\n", user.Email, user.Roles[0])
		}
	}
	if err == nil {
		_, err = fmt.Fprintf(out, "\n  For a shell: source %s/demo.env\n", options.Data)
	}
	return err
}
