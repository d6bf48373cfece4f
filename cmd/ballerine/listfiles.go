package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ballerine/internal/expr"
	"ballerine/internal/policy/lists"
	"ballerine/internal/problem"
)

// listFlag adds the flag that names the files of lists.
func listFlag(cmd *cobra.Command, named *[]string) {
	cmd.Flags().StringArrayVar(named, "list", nil, "NAME=FILE: CSV of a list that the policy uses; append ,holds=number|date or ,matching=ignoring_case")
}

// listFiles are lists of files, by name. They have one edition.
type listFiles map[string]*lists.Set

// readLists reads NAME=FILE[,holds=…][,matching=…].
func readLists(cmd *cobra.Command, named []string) (listFiles, error) {
	found := listFiles{}
	for _, one := range named {
		name, file, shape, err := splitList(one)
		if err != nil {
			return nil, err
		}
		text, err := readFile(cmd, file)
		if err != nil {
			return nil, err
		}
		set, err := lists.Read(lists.CSV(file, string(text)), shape, "file")
		if err != nil {
			return nil, inFile(err, file)
		}
		found[name] = set
	}
	return found, nil
}

func splitList(text string) (name, file string, shape lists.Shape, err error) {
	wrong := func() (string, string, lists.Shape, error) {
		return "", "", lists.Shape{}, usageError{fmt.Errorf("--list is NAME=FILE, with ,holds=text|number|date or ,matching=exact|ignoring_case after it")}
	}
	name, rest, ok := strings.Cut(text, "=")
	parts := strings.Split(rest, ",")
	if !ok || name == "" || parts[0] == "" {
		return wrong()
	}
	shape = lists.Shape{Holds: lists.Text, Matching: lists.Exact}
	for _, part := range parts[1:] {
		switch member, value, _ := strings.Cut(part, "="); {
		case member == "holds" && slices.Contains(lists.Holdings(), lists.Holding(value)):
			shape.Holds = lists.Holding(value)
		case member == "matching" && slices.Contains(lists.Matchings(), lists.Matching(value)):
			shape.Matching = lists.Matching(value)
		default:
			return wrong()
		}
	}
	return name, parts[0], shape, nil
}

// names of the lists, sorted; nil when no file was named: which lists there are is not known then.
func (l listFiles) names() []string { return slices.Sorted(maps.Keys(l)) }

// OpenLists implements rules.Lists.
func (l listFiles) OpenLists(_ context.Context, _ string, names []string, _ map[string]string) (map[string]expr.List, error) {
	opened := map[string]expr.List{}
	missing := problem.New(problem.UnknownList, "The policy uses lists that were not supplied.")
	for _, name := range names {
		if set := l[name]; set != nil {
			opened[name] = set
		} else {
			missing.With("lists."+name, "unknown", "supply the list with --list %s=FILE.csv", name)
		}
	}
	if len(missing.Fields) > 0 {
		return nil, missing
	}
	return opened, nil
}
