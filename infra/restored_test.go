package infra_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ballerine/infra/stack"
)

// TestRestoredThingsTakeThePlaceOfNewOnes resolves the templates with the parameters of docs/runbooks/restore.md: nothing of
// what was restored is made, and everybody has the restored ones, by name, in roles and at the stream.
func TestRestoredThingsTakeThePlaceOfNewOnes(t *testing.T) {
	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	given := map[string]string{
		"RestoredTables": "rescued", "RestoredStreamArn": "arn:aws:dynamodb:eu-central-1:123456789012:table/rescued-cases/stream/2026-01-01T00:00:00.000", "RestoredBucket": "rescued-documents",
		"RestoredKeyArn":    "arn:aws:kms:eu-central-1:123456789012:key/rescued",
		"RestoredSecretArn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rescued",
	}
	restored := stack.Stack{Name: "ballerine-2", Region: "eu-central-1", Account: "123456789012", Partition: "aws", Templates: templates, Parameters: given}
	fresh := restored
	fresh.Parameters = nil
	made := func(s stack.Stack) (found []string) {
		for _, name := range []string{"data", "security"} {
			for logical, resource := range templates[name].Resources() {
				condition := at(resource, "Condition")
				if condition == nil || s.Resolve(name, map[string]any{"Fn::If": []any{condition, true, false}}) == true {
					found = append(found, logical)
				}
			}
		}
		return found
	}
	if found := made(restored); len(found) != 0 {
		t.Errorf("the stack makes %v beside what was restored", found)
	}
	if found := made(fresh); len(found) < 9 {
		t.Errorf("a new stack makes %v only", found)
	}
	template := templates[stack.Root]
	everything := fmt.Sprint(restored.Resolve(stack.Root, at(template["Globals"], "Function", "Environment")), restored.Resolve(stack.Root, at(template.Resources()["DispatchFunction"], "Properties", "Events")))
	for _, resource := range template.Resources() {
		if at(resource, "Type") == "AWS::IAM::Role" {
			everything += fmt.Sprint(restored.Resolve(stack.Root, at(resource, "Properties", "Policies")))
		}
	}
	for _, name := range []string{
		"rescued-cases", "rescued-subjects", "rescued-registry", "rescued-deliveries", "rescued-idempotency", "rescued-documents", "table/rescued-cases/index/*", "arn:aws:s3:::rescued-documents/*",
		given["RestoredStreamArn"], given["RestoredKeyArn"], given["RestoredSecretArn"],
	} {
		if !strings.Contains(everything, name) {
			t.Errorf("nobody uses %s", name)
		}
	}
	for _, logical := range []string{"CasesTable", "SubjectsTable", "RegistryTable", "DeliveriesTable", "IdempotencyTable", "SigningSecret-", "documentsbucket"} {
		if strings.Contains(everything, "-"+logical) {
			t.Errorf("somebody still uses a new %s", logical)
		}
	}
}

// TestARestoreStopsEveryFunctionOfTheFormerStack but the authorizer, which does nothing by itself: one that keeps running sends webhooks, or
// asks vendors, about what the restored stack does again.
func TestARestoreStopsEveryFunctionOfTheFormerStack(t *testing.T) {
	page, err := os.ReadFile("../docs/runbooks/restore.md")
	if err != nil {
		t.Fatal(err)
	}
	loop := regexp.MustCompile(`for name in ([a-z ]+); do\n  aws lambda put-function-concurrency`).FindStringSubmatch(string(page))
	if loop == nil {
		t.Fatal("the runbook stops no functions")
	}
	stopped := strings.Fields(loop[1])
	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	root := stack.Stack{Name: "s", Region: "eu-central-1", Account: "123456789012", Partition: "aws", Templates: templates}
	for logical, resource := range templates[stack.Root].Resources() {
		if at(resource, "Type") != "AWS::Serverless::Function" {
			continue
		}
		name, found := strings.CutPrefix(fmt.Sprint(root.Resolve(stack.Root, at(resource, "Properties", "FunctionName"))), "s-")
		if !found {
			t.Errorf("%s has no name that is known", logical)
		}
		if name != "authorizer" {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	slices.Sort(stopped)
	if len(all) < 10 || !slices.Equal(all, stopped) {
		t.Errorf("stopped: %v\nfunctions: %v", stopped, all)
	}
}

// TestTheRunbookStatesHowLongDocumentsCanBeGotBack: what was deleted before that cannot be read again, whatever a record states.
func TestTheRunbookStatesHowLongDocumentsCanBeGotBack(t *testing.T) {
	page, err := os.ReadFile("../docs/runbooks/restore.md")
	if err != nil {
		t.Fatal(err)
	}
	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	rules, _ := at(templates["data"].Resources()["DocumentsBucket"], "Properties", "LifecycleConfiguration", "Rules").([]any)
	for _, rule := range rules {
		if days := at(rule, "NoncurrentVersionExpiration", "NoncurrentDays"); days != nil {
			if want := fmt.Sprintf("keeps former and deleted versions for %v days", days); !strings.Contains(string(page), want) {
				t.Errorf("the runbook does not say %q", want)
			}
			return
		}
	}
	t.Errorf("no rule ends former versions: %v", rules)
}
