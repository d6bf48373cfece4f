package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/bench"
	"ballerine/internal/local"
	"ballerine/statemachines"
)

func benchCommand() *cobra.Command {
	options := bench.Options{}
	var data, profile string
	var queue int
	var policies bool
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure whole KYC cases over HTTP with durable writes, on this machine",
		RunE: func(cmd *cobra.Command, _ []string) error {
			stop, err := startProfile(profile)
			if err != nil {
				return err
			}
			defer stop()
			if policies {
				return benchPolicies(cmd)
			}
			if queue > 0 {
				options.Cases = queue
				return benchQueue(cmd, data, options)
			}
			var result bench.Result
			err = withStack(cmd.Context(), data, func(stack *local.Stack) (err error) {
				options.API, options.Key = stack.URL, stack.Demo.APIKey
				result, err = bench.Run(cmd.Context(), options)
				return err
			})
			if err != nil {
				return err
			}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(result)
			}
			return printBench(cmd, result)
		},
	}
	cmd.Flags().IntVar(&options.Cases, "cases", 2000, "how many cases")
	cmd.Flags().IntVar(&options.Clients, "clients", 32, "number of cases that run at the same time")
	cmd.Flags().IntVar(&queue, "queue", 0, "measure the cost of reading a queue of this many open cases instead")
	cmd.Flags().BoolVar(&policies, "policies", false, "measure the cost of policy decisions instead")
	cmd.Flags().StringVar(&data, "data", "", "folder for the data; default: a temporary one")
	cmd.Flags().StringVar(&profile, "cpuprofile", "", "write a CPU profile to this file")
	return cmd
}

// withStack runs something against a system of its own, which it starts and ends.
func withStack(ctx context.Context, data string, run func(*local.Stack) error) (err error) {
	if data == "" {
		if data, err = os.MkdirTemp("", "ballerine-bench-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(data) }() // temporary: what is left does no harm
	}
	debug.SetGCPercent(gcPercent)
	stack, err := local.Start(ctx, local.Options{
		Data: data, Address: "127.0.0.1:0", Definitions: statemachines.Files, Version: version(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	err = run(stack)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if closeErr := stack.Close(stopping); err == nil {
		err = closeErr
	}
	return err
}

// benchQueue fills a queue and reads it as the dashboard does.
func benchQueue(cmd *cobra.Command, data string, options bench.Options) error {
	var result bench.QueueResult
	err := withStack(cmd.Context(), data, func(stack *local.Stack) (err error) {
		options.API = stack.URL
		for _, user := range stack.Demo.Users {
			if slices.Contains(user.Roles, "reviewer") {
				options.Key = user.Token
			}
		}
		result, err = bench.Queue(cmd.Context(), options, func() error {
			return bench.Fill(cmd.Context(), stack.Core.Store, stack.Demo.Tenant, options.Cases, time.Now().UTC())
		})
		return err
	})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(out).Encode(result)
	}
	fmt.Fprintf(out, "a queue of %d open cases, filled in %.0f s\n\n", result.Cases, result.Fill)
	return printCalls(out, result.Calls)
}

func benchPolicies(cmd *cobra.Command) error {
	results, err := bench.Policies(cmd.Context())
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if asJSON(cmd) {
		return json.NewEncoder(out).Encode(map[string]any{"policies": results})
	}
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "µs\tallocations\t\teach\t")
	for _, result := range results {
		fmt.Fprintf(table, "%.3f\t%.1f\t\t%s\t\n", result.Nanoseconds/1000, result.Allocations, result.Name)
	}
	return table.Flush()
}

func printBench(cmd *cobra.Command, result bench.Result) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%d KYC cases, start to approval, %d at a time: %.1f s, %.0f cases/s, %.1f ms of CPU each\n\n",
		result.Cases, result.Clients, result.Seconds, result.CasesPerSecond, result.CPU)
	return printCalls(out, result.Calls)
}

func printCalls(out io.Writer, calls map[string]bench.Latencies) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "call\tcount\tp50 ms\tp99 ms\tmax ms\t")
	for _, name := range slices.Sorted(maps.Keys(calls)) {
		l := calls[name]
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.1f\t\n", name, l.Count, l.P50, l.P99, l.Max)
	}
	return table.Flush()
}
