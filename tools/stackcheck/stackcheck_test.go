package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/infra/stack"
)

// templates of one resource each, in the root or in a nested template.
func templates(t *testing.T, root, nested string) map[string]stack.Template {
	t.Helper()
	out := map[string]stack.Template{}
	for name, resources := range map[string]string{stack.Root: root, "pages": nested} {
		template, err := stack.Parse(name, []byte("Parameters: {RootStack: {Type: String}}\nResources:\n  Pages: {Type: 'AWS::CloudFormation::Stack', Properties: {Parameters: {RootStack: !Ref AWS::StackName}}}\n"+resources))
		if err != nil {
			t.Fatal(err)
		}
		out[name] = template
	}
	return out
}

func TestNamesThatAWSWouldRefuseAreFound(t *testing.T) {
	for _, test := range []struct{ name, root, nested, want string }{
		{"of the stack", `  A: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Sub "${AWS::StackName}-a"}}`, "", ""},
		{"made up by CloudFormation", `  A: {Type: AWS::DynamoDB::Table, DeletionPolicy: RetainExceptOnCreate, UpdateReplacePolicy: Retain}`, "", ""},
		{"literal", `  A: {Type: AWS::Scheduler::Schedule, Properties: {Name: nightly}}`, "", "same in every stack"},
		{"too long", `  A: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Sub "${AWS::StackName}-that-has-a-name-of-its-own-too"}}`, "", "at most 64"},
		{"too long in a nested stack", "", `  A: {Type: AWS::CloudFront::Function, Properties: {Name: !Sub "${AWS::StackName}-${AWS::Region}-routes"}}`, "at most 64"},
		{"not of the region", "", `  A: {Type: AWS::CloudFront::Function, Properties: {Name: !Sub "${RootStack}-routes"}}`, "same in every region"},
		{"of stack and region", "", `  A: {Type: AWS::CloudFront::Function, Properties: {Name: !Sub "${RootStack}-${AWS::Region}-routes"}}`, ""},
		{"retained", `  A: {Type: AWS::SecretsManager::Secret, DeletionPolicy: RetainExceptOnCreate, UpdateReplacePolicy: Retain, Properties: {Name: !Ref AWS::StackName}}`, "", "cannot be made again"},
		{"of the stack's id", "", `  A: {Type: AWS::XRay::SamplingRule, Properties: {SamplingRule: {RuleName: !Select [0, !Split ["-", !Select [2, !Split ["/", !Ref AWS::StackId]]]]}}}`, ""},
		{"of an unknown type", `  A: {Type: AWS::Braket::QuantumTask}`, "", "the rule for names of this type is unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(CheckNames(templates(t, test.root, test.nested)), "\n")
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("problems: %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhatHoldsUpASecondAttemptIsFound(t *testing.T) {
	for _, test := range []struct{ name, root, want string }{
		{"kept after a failed first attempt", `  A: {Type: AWS::DynamoDB::Table, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}`, "RetainExceptOnCreate"},
		{"lost when it is replaced", `  A: {Type: AWS::DynamoDB::Table, DeletionPolicy: RetainExceptOnCreate}`, "not both"},
		{"two permissions", "  A: {Type: AWS::Lambda::Permission, Properties: {FunctionName: f, Principal: apigateway.amazonaws.com}}\n  B: {Type: AWS::Lambda::Permission, Properties: {FunctionName: f, Principal: apigateway.amazonaws.com}}", "more than one permission"},
		{"two callers", "  A: {Type: AWS::Lambda::Permission, Properties: {FunctionName: f, Principal: apigateway.amazonaws.com}}\n  B: {Type: AWS::Lambda::Permission, Properties: {FunctionName: f, Principal: events.amazonaws.com}}", ""},
		{"exported", "Outputs:\n  Url: {Value: x, Export: {Name: url}}", "is exported"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(Structure(templates(t, test.root, "")), "\n")
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("problems: %q, want %q", got, test.want)
			}
		})
	}
}

func TestLimitsThatAreExceededAreFound(t *testing.T) {
	permissions, routes := "", ""
	for i := range 100 {
		permissions += fmt.Sprintf("  P%d: {Type: AWS::Lambda::Permission, Properties: {FunctionName: f, Principal: apigateway.amazonaws.com, SourceArn: !Sub \"arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:a1b2c3d4e5/*/GET/v1/some/route/%d\"}}\n", i, i)
	}
	for i := range 301 {
		routes += fmt.Sprintf("/r%d: {get: {}}, ", i)
	}
	for _, test := range []struct{ name, root, want string }{
		{"nothing", "", ""},
		{"a policy", `  A: {Type: AWS::IAM::Role, Properties: {Policies: [{PolicyDocument: {Statement: ["` + strings.Repeat("x", 11_000) + `"]}}]}}`, "of at most 10240 (IAM)"},
		{"an environment", `  A: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {LONG: ` + strings.Repeat("x", 5_000) + `}}}}`, "of at most 4096 (Lambda)"},
		{"permissions", permissions, "resource policy: "},
		{"routes", "  A: {Type: AWS::ApiGatewayV2::Api, Properties: {Body: {paths: {" + routes + "}}}}", "301 of at most 300"},
		{"resources", many(501), "of at most 500"},
		{"a security policy", `  A: {Type: AWS::CloudFront::ResponseHeadersPolicy, Properties: {ResponseHeadersPolicyConfig: {SecurityHeadersConfig: {ContentSecurityPolicy: {ContentSecurityPolicy: ` + strings.Repeat("x", 2_000) + `}}}}}`, "at most 1783"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(exceeded(Count(templates(t, test.root, ""))), "\n")
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("problems: %q, want %q", got, test.want)
			}
		})
	}
}

func many(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "  R%d: {Type: AWS::SNS::Topic}\n", i)
	}
	return out.String()
}

func TestTheTableInTheDocumentIsHeldToWhatIsCounted(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "limits.md")
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table := Table([]Use{{Origin: "IAM", Limit: "bytes", Where: "Role", Used: 5_121, Most: 10_240}})
	if !strings.Contains(table, "| IAM | bytes | 10,240 | `Role` | 55 % |") {
		t.Errorf("table:\n%s", table)
	}
	if problem, err := document(file, table, false); err != nil || !strings.Contains(problem, "make stack-limits") {
		t.Errorf("an old table: %q, %v", problem, err)
	}
	if problem, err := document(file, table, true); err != nil || problem != "" {
		t.Errorf("written: %q, %v", problem, err)
	}
	if problem, err := document(file, table, false); err != nil || problem != "" {
		t.Errorf("a new table: %q, %v", problem, err)
	}
	if text, _ := os.ReadFile(file); string(text) != "before\n"+begin+table+end+"after\n" {
		t.Errorf("document:\n%s", text)
	}
}
