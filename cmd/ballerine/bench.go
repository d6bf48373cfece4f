package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ballerine/internal/local"
	"ballerine/internal/local/bench"
	"ballerine/statemachines"
)

func benchCommand() *cobra.Command {
	options := bench.Options{}
	var data, profile string
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure whole KYC cases over HTTP with durable writes, on this machine",
		RunE: func(cmd *cobra.Command, _ []string) error {
			stop, err := startProfile(profile)
			if err != nil {
				return err
			}
			defer stop()
			result, err := runBench(cmd.Context(), data, options)
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
	cmd.Flags().IntVar(&options.Clients, "clients", 32, "how many at a time")
	cmd.Flags().StringVar(&data, "data", "", "folder for the data; a temporary one without it")
	cmd.Flags().StringVar(&profile, "cpuprofile", "", "write a CPU profile to this file")
	return cmd
}

// runBench starts a system of its own and ends it.
func runBench(ctx context.Context, data string, options bench.Options) (result bench.Result, err error) {
	if data == "" {
		if data, err = os.MkdirTemp("", "ballerine-bench-"); err != nil {
			return result, err
		}
		defer func() { _ = os.RemoveAll(data) }() // temporary: what is left does no harm
	}
	debug.SetGCPercent(gcPercent)
	stack, err := local.Start(ctx, local.Options{
		Data: data, Address: "127.0.0.1:0", Definitions: statemachines.Files, Version: version(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return result, err
	}
	options.API, options.Key = stack.URL, stack.Demo.APIKey
	result, err = bench.Run(ctx, options)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if closeErr := stack.Close(stopping); err == nil {
		err = closeErr
	}
	return result, err
}

func printBench(cmd *cobra.Command, result bench.Result) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%d KYC cases, start to approval, %d at a time: %.1f s, %.0f cases/s\n\n", result.Cases, result.Clients, result.Seconds, result.CasesPerSecond)
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "call\tcount\tp50 ms\tp99 ms\tmax ms\t")
	for _, name := range slices.Sorted(maps.Keys(result.Calls)) {
		l := result.Calls[name]
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.1f\t\n", name, l.Count, l.P50, l.P99, l.Max)
	}
	return table.Flush()
}
