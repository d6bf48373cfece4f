package main

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/registry"
)

// completionTime is how long a shell waits for ids of a system.
const completionTime = time.Second

// lookup asks a running system what could be the next argument, after those that are there.
type lookup func(ctx context.Context, r remote, args []string) ([]cobra.Completion, error)

// from completes an argument with what a running system knows. It offers no completion when no system is named or none answers in time.
func (t *target) from(find lookup) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		r, err := t.system()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		found, err := find(ctx, r, args)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// completes lets a shell complete a command's first arguments in their order. Where the last of them may be repeated (CASE...), its
// lookup is for all further ones.
func completes(cmd *cobra.Command, t *target, lookups ...lookup) *cobra.Command {
	named := strings.Fields(cmd.Use)[1:]
	repeated := len(named) == len(lookups) && strings.Contains(named[len(named)-1], "...")
	cmd.ValidArgsFunction = func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		at := len(args)
		if at >= len(lookups) {
			if !repeated {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			at = len(lookups) - 1
		}
		return t.from(lookups[at])(c, args, word)
	}
	return cmd
}

// completesThenFile is completes for a command whose first argument is an id and the second a file.
func completesThenFile(cmd *cobra.Command, t *target, find lookup) *cobra.Command {
	cmd.ValidArgsFunction = func(c *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return t.from(find)(c, args, word)
	}
	return cmd
}

// completesFlag lets a shell complete the value of a flag.
func completesFlag(cmd *cobra.Command, t *target, flag string, find lookup) {
	must(cmd.RegisterFlagCompletionFunc(flag, t.from(find)))
}

func described(id, text string) cobra.Completion {
	return cobra.CompletionWithDesc(id, visible(strings.ReplaceAll(text, "\t", " ")))
}

// knownCases are the newest cases.
func knownCases(ctx context.Context, r remote, _ []string) (found []cobra.Completion, err error) {
	var page httpapi.List[httpapi.Case]
	err = r.get(ctx, "/v1/cases?"+url.Values{"limit": {"100"}, "view": {"summary"}}.Encode(), &page)
	for _, c := range page.Data {
		found = append(found, described(c.ID, c.Workflow.ID+" "+strings.Join(c.Configuration, ",")))
	}
	return found, err
}

// knownEvents are those that the active states of the case know.
func knownEvents(ctx context.Context, r remote, args []string) (found []cobra.Completion, err error) {
	events, err := r.position(ctx, args[0])
	return events, err
}

func knownDocuments(ctx context.Context, r remote, args []string) (found []cobra.Completion, err error) {
	var page httpapi.List[httpapi.Document]
	err = r.get(ctx, casePath(args[0], "documents"), &page)
	for _, d := range page.Data {
		found = append(found, described(d.ID, d.Kind+" "+d.Side))
	}
	return found, err
}

func knownIncidents(ctx context.Context, r remote, args []string) (found []cobra.Completion, err error) {
	open, err := r.incidents(ctx, args[0])
	for _, i := range open {
		found = append(found, described(i.ID, i.Work+" "+i.Error))
	}
	return found, err
}

// knownDefinitions are the published workflows, policies or plugins.
func knownDefinitions(kind registry.Kind) lookup {
	return func(ctx context.Context, r remote, _ []string) (found []cobra.Completion, err error) {
		var page httpapi.List[struct{ ID, Title string }]
		err = r.get(ctx, folder(kind), &page)
		for _, d := range page.Data {
			found = append(found, described(d.ID, d.Title))
		}
		return found, err
	}
}

func knownLists(ctx context.Context, r remote, _ []string) (found []cobra.Completion, err error) {
	lists, err := r.valueLists(ctx)
	for _, l := range lists {
		found = append(found, described(l.ID, l.Title))
	}
	return found, err
}

func knownKeys(ctx context.Context, r remote, _ []string) (found []cobra.Completion, err error) {
	var page httpapi.List[httpapi.Key]
	err = r.get(ctx, "/v1/keys", &page)
	for _, k := range page.Data {
		if k.RevokedAt == nil {
			found = append(found, described(k.ID, k.Name))
		}
	}
	return found, err
}

func knownWebhooks(ctx context.Context, r remote, _ []string) (found []cobra.Completion, err error) {
	var page httpapi.List[httpapi.Webhook]
	err = r.get(ctx, "/v1/webhooks", &page)
	for _, w := range page.Data {
		found = append(found, described(w.ID, w.URL))
	}
	return found, err
}

func knownDeliveries(ctx context.Context, r remote, args []string) (found []cobra.Completion, err error) {
	var page httpapi.List[httpapi.Delivery]
	err = r.get(ctx, webhookPath(args[0], "deliveries"), &page)
	for _, d := range page.Data {
		found = append(found, described(d.ID, d.Type+" "+string(d.Status)))
	}
	return found, err
}

func knownProposals(ctx context.Context, r remote, _ []string) (found []cobra.Completion, err error) {
	proposals, err := r.proposals(ctx, string(registry.Open), 100)
	for _, p := range proposals {
		found = append(found, described(p.ID, strings.Join(proposedNames(p), ", ")))
	}
	return found, err
}

func knownTrials(ctx context.Context, r remote, args []string) (found []cobra.Completion, err error) {
	trials, err := r.trials(ctx, args[0], 50)
	for _, one := range trials {
		found = append(found, described(one.ID, string(one.Kind)+" "+string(one.Status)))
	}
	return found, err
}

func knownWorkflows(ctx context.Context, r remote, args []string) ([]cobra.Completion, error) {
	return knownDefinitions(registry.Workflow)(ctx, r, args)
}

func knownPolicies(ctx context.Context, r remote, args []string) ([]cobra.Completion, error) {
	return knownDefinitions(registry.Policy)(ctx, r, args)
}
