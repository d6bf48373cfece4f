package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ballerine/infra/stack"
)

// access is one thing that a function's call asks of IAM, as internal/app/onaws writes it down: with the local names of things.
type access struct {
	Function string   `json:"function"`
	Action   string   `json:"action"`
	Resource string   `json:"resource"`
	Keys     []string `json:"keys"`
}

// recordings are the different accesses of all tests of this run that used the compiled functions. Keys are kept for what
// the table of definitions asks: policies look at no others.
func recordings(t *testing.T) []access {
	t.Helper()
	folder, err := compiled()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(folder, recordingsName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	seen := map[string]access{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var one access
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if !strings.HasPrefix(one.Resource, "table/registry") {
			one.Keys = nil
		}
		if parts := strings.SplitN(one.Resource, "/", 4); parts[0] == "bucket" && len(parts) == 4 { // any object below the same prefix
			one.Resource = strings.Join(parts[:3], "/") + "/a"
		}
		if head, _, ok := strings.Cut(one.Resource, ":execution:"); ok {
			machine, _, _ := strings.Cut(one.Resource[len(head)+len(":execution:"):], ":")
			one.Resource = head + ":execution:" + machine + ":a"
		}
		slices.Sort(one.Keys)
		key, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(key)] = one
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	var found []access
	for _, one := range seen {
		found = append(found, one)
	}
	slices.SortFunc(found, func(a, b access) int {
		return strings.Compare(a.Function+a.Action+a.Resource, b.Function+b.Action+b.Resource)
	})
	return found
}

// request is an access where it would be made on AWS.
type request struct {
	function, action, resource string
	context                    map[string]any
}

// onAWS gives an access the names that things have in the stack.
func onAWS(t *testing.T, s stack.Stack, one access) request {
	t.Helper()
	r := request{one.Function, one.Action, one.Resource, map[string]any{}}
	kind, name, _ := strings.Cut(one.Resource, "/")
	prefix := func(service string) string { return "arn:aws:" + service + ":" + s.Region + ":" + s.Account + ":" }
	switch kind {
	case "table":
		table, rest, _ := strings.Cut(name, "/")
		if table == "" {
			t.Fatalf("a call names no table: %+v", one)
		}
		logical := strings.ToUpper(table[:1]) + table[1:] + "Table"
		r.resource = s.ARN("data", logical)
		if rest != "" {
			r.resource += "/" + rest
		}
		if len(one.Keys) > 0 {
			r.context["dynamodb:LeadingKeys"] = one.Keys
		}
	case "bucket":
		_, key, _ := strings.Cut(name, "/")
		r.resource = s.ARN("data", "DocumentsBucket") + "/" + key
	case "queue":
		queue := path.Base(name)
		r.resource = s.ARN("delivery", strings.ToUpper(queue[:1])+queue[1:])
	case "machine":
		machine := "kyc"
		if _, local, ok := strings.Cut(name, ":stateMachine:"); ok {
			machine, _, _ = strings.Cut(local, "-v")
		}
		r.resource = prefix("states") + "stateMachine:" + s.Name + "-" + machine
	case "execution":
		_, local, _ := strings.Cut(name, ":execution:")
		machine, execution, _ := strings.Cut(local, ":")
		machine, _, _ = strings.Cut(machine, "-v")
		r.resource = prefix("states") + "execution:" + s.Name + "-" + machine + ":" + execution
	}
	return r
}

// keyed are the requests that services make of the key in the caller's name.
func keyed(s stack.Stack, all []request) []request {
	seen := map[string]bool{}
	var found []request
	for _, one := range all {
		service, operation, _ := strings.Cut(one.action, ":")
		uses := map[string][]string{"dynamodb": {"kms:Decrypt"}, "s3": {"kms:Decrypt"}, "secretsmanager": {"kms:Decrypt"}, "sqs": {"kms:Decrypt", "kms:GenerateDataKey"}}[service]
		if one.action == "s3:PutObject" {
			uses = []string{"kms:GenerateDataKey"}
		}
		if operation == "DescribeSecret" || operation == "DeleteObject" || operation == "ListBucket" {
			uses = nil
		}
		for _, use := range uses {
			via := service + "." + s.Region + ".amazonaws.com"
			if id := one.function + use + via; !seen[id] {
				seen[id] = true
				found = append(found, request{one.function, use, s.ARN("security", "Key"), map[string]any{"kms:ViaService": via}})
			}
		}
	}
	return found
}
