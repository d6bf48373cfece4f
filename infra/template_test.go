package infra_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"go.yaml.in/yaml/v3"

	"ballerine/infra/stack"
	"ballerine/internal/httpapi"
	"ballerine/internal/local/site"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/telemetry"
)

// load reads a template without its intrinsic functions: !GetAtt A.B is the text "A.B".
func load(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	plain(&node)
	var template map[string]any
	if err := node.Decode(&template); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return template
}

func plain(node *yaml.Node) {
	if strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!") {
		node.Tag = ""
	}
	for _, child := range node.Content {
		plain(child)
	}
}

// at follows a path; nil when something on the way is missing.
func at(value any, path ...string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func resources(t *testing.T, kind string) map[string]any {
	t.Helper()
	found := map[string]any{}
	for name, resource := range load(t, "../template.yaml")["Resources"].(map[string]any) {
		if at(resource, "Type") == kind {
			found[name] = at(resource, "Properties")
		}
	}
	if len(found) == 0 {
		t.Fatalf("no %s", kind)
	}
	return found
}

func TestEveryFunctionHasItsOwnRoleLogsAndTraces(t *testing.T) {
	template := load(t, "../template.yaml")
	globals := at(template, "Globals", "Function")
	if at(globals, "Tracing") != "PassThrough" || at(globals, "Runtime") != "provided.al2023" || fmt.Sprint(at(globals, "Architectures")) != "[arm64]" {
		t.Errorf("globals: %v", globals)
	}
	for name, function := range resources(t, "AWS::Serverless::Function") {
		base := strings.TrimSuffix(name, "Function")
		if at(function, "Tracing") != nil {
			t.Errorf("%s decides about traces: Lambda does so by a rate that nobody can set", name)
		}
		if at(function, "Role") != base+"Role.Arn" || at(template, "Resources", base+"Role", "Type") != "AWS::IAM::Role" {
			t.Errorf("%s has no role of its own", name)
		}
		if at(function, "LoggingConfig", "LogGroup") != base+"LogGroup" || at(template, "Resources", base+"LogGroup", "Properties", "RetentionInDays") == nil {
			t.Errorf("%s has no log group with retention", name)
		}
		if at(template, "Resources", name, "Metadata", "BuildMethod") != "makefile" {
			t.Errorf("%s is not built by the Makefile", name)
		}
	}
}

// TestTracesAreBounded: every machine is under the rule of this stack, the only one that defines how many executions are traced.
func TestTracesAreBounded(t *testing.T) {
	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	deployed := stack.Stack{Name: "risk-prod", Region: "eu-central-1", Account: "123456789012", Partition: "aws", Templates: templates}
	rule := deployed.Resolve("observability", stack.At(templates["observability"].Resources()["Sampling"], "Properties", "SamplingRule"))
	if rate, ok := stack.At(rule, "FixedRate").(float64); !ok || rate > 0.05 || stack.At(rule, "ReservoirSize") != 1 {
		t.Errorf("the rule is %v", rule)
	}
	for _, matched := range []string{"ServiceType", "Host", "HTTPMethod", "URLPath", "ResourceARN"} {
		if stack.At(rule, matched) != "*" {
			t.Errorf("%s is %v", matched, stack.At(rule, matched))
		}
	}
	machines := []string{deployed.Name + "-p-acme-kyc"} // which publishing makes
	for name := range resources(t, "AWS::Serverless::StateMachine") {
		machines = append(machines, deployed.Physical(stack.Root, name))
	}
	for _, machine := range machines {
		if matches, err := path.Match(fmt.Sprint(stack.At(rule, "ServiceName")), machine); err != nil || !matches {
			t.Errorf("%s is not under the rule of %v", machine, stack.At(rule, "ServiceName"))
		}
	}
	if len(machines) < 4 {
		t.Errorf("machines: %v", machines)
	}
}

func TestNestedTemplatesExistAndGiveWhatIsAskedOfThem(t *testing.T) {
	text, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	nested := resources(t, "AWS::Serverless::Application")
	for _, use := range regexp.MustCompile(`\b(\w+)\.Outputs\.(\w+)`).FindAllStringSubmatch(string(text), -1) {
		location, _ := at(nested[use[1]], "Location").(string)
		if at(load(t, filepath.Join("..", location)), "Outputs", use[2]) == nil {
			t.Errorf("%s gives no %s", location, use[2])
		}
	}
}

func TestTheStreamIsFilteredToNewEffects(t *testing.T) {
	outbox := at(resources(t, "AWS::Serverless::Function")["DispatchFunction"], "Events", "Outbox", "Properties")
	filters, _ := at(outbox, "FilterCriteria", "Filters").([]any)
	if len(filters) != 1 {
		t.Fatalf("filters: %v", filters)
	}
	var pattern, want any
	if err := json.Unmarshal([]byte(at(filters[0], "Pattern").(string)), &pattern); err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal([]byte(`{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"effect#"}]}}}}`), &want)
	if fmt.Sprint(pattern) != fmt.Sprint(want) {
		t.Errorf("pattern %v", pattern)
	}
	if at(outbox, "BisectBatchOnFunctionError") != true || at(outbox, "DestinationConfig", "OnFailure", "Destination") == nil {
		t.Error("a bad record would hold up the stream, or be lost")
	}
}

func TestScheduleAndAuthorizerAreWhatAWSUnderstands(t *testing.T) {
	if s := at(resources(t, "AWS::Serverless::Function")["SweepFunction"], "Events", "EachMinute", "Properties", "ScheduleExpression"); s != "rate(1 minute)" {
		t.Errorf("schedule %v", s)
	}
	authorizer := at(resources(t, "AWS::Serverless::HttpApi")["HttpApi"], "Auth", "Authorizers", "Principal")
	if at(authorizer, "AuthorizerPayloadFormatVersion") != "2.0" || at(authorizer, "EnableSimpleResponses") != true || fmt.Sprint(at(authorizer, "Identity", "Headers")) != "[Authorization]" {
		t.Errorf("authorizer %v", authorizer)
	}
}

func TestEveryFunctionOfTheMachineIsSubstituted(t *testing.T) {
	machine := resources(t, "AWS::Serverless::StateMachine")["KycStateMachine"]
	text, err := os.ReadFile(filepath.Join("..", at(machine, "DefinitionUri").(string)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\$\{(\w+)\}`).FindAllStringSubmatch(string(text), -1) {
		if at(machine, "DefinitionSubstitutions", name[1]) == nil {
			t.Errorf("%s is not substituted", name[1])
		}
	}
}

// TestCallersCallTheAlias: a deployment that is taken back moves the alias; whoever called a function itself would stay with the new code.
func TestCallersCallTheAlias(t *testing.T) {
	text, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	globals := at(load(t, "../template.yaml"), "Globals", "Function")
	if at(globals, "AutoPublishAlias") != "live" || at(globals, "AutoPublishAliasAllProperties") != true {
		t.Error("functions have no alias, or a changed setting makes no version")
	}
	addresses := regexp.MustCompile(`:function:\$\{AWS::StackName\}-\w+(:live)?`).FindAllSubmatch(text, -1)
	for _, found := range addresses {
		if string(found[1]) != ":live" {
			t.Errorf("%s is called without its alias", found[0])
		}
	}
	if found := regexp.MustCompile(`\w+Function\.Arn\b`).FindAll(text, -1); len(found) > 0 || len(addresses) < 20 {
		t.Errorf("%d addresses; %s are called without their alias", len(addresses), found)
	}
	for name, function := range resources(t, "AWS::Serverless::Function") {
		for variable, value := range map[string]any{"MACHINES": at(function, "Environment", "Variables", "MACHINES"), "EXPRESS_MACHINES": at(function, "Environment", "Variables", "EXPRESS_MACHINES")} {
			machines := map[string]string{}
			if value == nil {
				continue
			}
			if err := json.Unmarshal([]byte(value.(string)), &machines); err != nil || len(machines) == 0 {
				t.Fatalf("%s: %s: %v", name, variable, err)
			}
			for workflow, address := range machines {
				if !strings.HasSuffix(address, ":live") { // another version would change no text of the function, and so publish none of it
					t.Errorf("%s starts %s at %s, not at its alias", name, workflow, address)
				}
			}
		}
	}
}

// TestErrorsTakeADeploymentBack checks every function that a deployment could break for everybody against alarms on its alias.
func TestErrorsTakeADeploymentBack(t *testing.T) {
	alarms := resources(t, "AWS::CloudWatch::Alarm")
	functions := resources(t, "AWS::Serverless::Function")
	for _, base := range []string{"Step", "Dispatch", "Deliver", "ClientApi", "ReviewApi", "AdminApi", "FlowApi", "Hooks", "Authorizer"} {
		preference := at(functions[base+"Function"], "DeploymentPreference")
		watched := fmt.Sprint(at(preference, "Alarms"))
		name := strings.ToLower(base)
		want := fmt.Sprintf("[map[Name:FunctionName Value:${AWS::StackName}-%s] map[Name:Resource Value:${AWS::StackName}-%s:live]]", name, name)
		if at(preference, "Type") != "Rollout" || !strings.Contains(watched, base+"Fails") || fmt.Sprint(at(alarms[base+"Fails"], "Dimensions")) != want {
			t.Errorf("%s: %v is watched by %v", base, preference, at(alarms[base+"Fails"], "Dimensions"))
		}
	}
	for name, function := range functions {
		if at(function, "AutoPublishCodeSha256") != "Revision" {
			t.Errorf("%s: a parameter that changes makes no version", name)
		}
	}
}

// TestWhoStartsNewVersionsComesLast: machines of a new version, and who starts them, wait for all who work for them.
func TestWhoStartsNewVersionsComesLast(t *testing.T) {
	all, _ := load(t, "../template.yaml")["Resources"].(map[string]any)
	for _, name := range []string{"KycAlias", "ApplicationAlias", "ApplicationExpressAlias", "DispatchFunction", "SweepFunction"} {
		for _, worker := range []string{"Step", "Rules", "Vendor", "Document", "Children"} {
			if after := fmt.Sprint(at(all[name], "DependsOn")); !strings.Contains(after, worker+"FunctionAliaslive") {
				t.Errorf("%s does not wait for %s: %s", name, worker, after)
			}
		}
	}
}

// TestConfigurationsAreOfTheTemplate: a parameter with a typing error in samconfig.toml would only be noticed at AWS.
func TestConfigurationsAreOfTheTemplate(t *testing.T) {
	text, err := os.ReadFile("../samconfig.toml")
	if err != nil {
		t.Fatal(err)
	}
	parameters, _ := load(t, "../template.yaml")["Parameters"].(map[string]any)
	prod := map[string]string{}
	_, production, _ := strings.Cut(string(text), "[prod.deploy.parameters]")
	for _, found := range regexp.MustCompile(`"(\w+)=([^"]*)"`).FindAllStringSubmatch(string(text), -1) {
		if parameters[found[1]] == nil {
			t.Errorf("samconfig.toml sets %s, which the template does not have", found[1])
		}
		if strings.Contains(production, found[0]) {
			prod[found[1]] = found[2]
		}
	}
	if prod["AlarmEmail"] == "" || prod["MfaConfiguration"] != "ON" || !strings.Contains(production, "confirm_changeset = true") {
		t.Errorf("production has no alarms, no second factor, or does not ask: %v", prod)
	}
}

// TestOnlyAdminapiWritesLists goes through the roles that may write the registry: decisions rely on editions that never change.
func TestOnlyAdminapiWritesLists(t *testing.T) {
	const partitions = `[*#lists *#list#*]`
	writing := 0
	for name, role := range resources(t, "AWS::IAM::Role") {
		writes, denied := false, false
		policies, _ := at(role, "Policies").([]any)
		for _, policy := range policies {
			statements, _ := at(policy, "PolicyDocument", "Statement").([]any)
			for _, s := range statements {
				actions, where := fmt.Sprint(at(s, "Action")), fmt.Sprint(at(s, "Resource"))
				if !strings.Contains(where, "RegistryTableArn") {
					continue
				}
				condition := at(s, "Condition")
				switch {
				case at(s, "Effect") == "Deny":
					denied = fmt.Sprint(at(condition, "ForAnyValue:StringLike", "dynamodb:LeadingKeys")) == partitions && strings.Contains(actions, "PutItem") && strings.Contains(actions, "UpdateItem") && strings.Contains(actions, "DeleteItem")
				case name == "AdminApiRole" && strings.Contains(actions, "DeleteItem"):
					if fmt.Sprint(at(condition, "ForAllValues:StringLike", "dynamodb:LeadingKeys")) != `[*#list#*]` {
						t.Errorf("%s deletes more than entries of lists", name)
					}
				case strings.Contains(actions, "PutItem"):
					writes = true
				}
			}
		}
		if writes {
			writing++
		}
		if writes && !denied && name != "AdminApiRole" {
			t.Errorf("%s may write lists", name)
		}
	}
	if writing < 5 {
		t.Errorf("%d roles write the registry", writing)
	}
}

func TestRoutesAreTheOperationsOfTheOpenAPIDocument(t *testing.T) {
	var want, got []string
	for path, methods := range load(t, "openapi.yaml")["paths"].(map[string]any) {
		for method, operation := range methods.(map[string]any) {
			open := at(operation, "operationId") == "getHealth" || slices.Contains([]any{"receiveCallback", "receiveVendorCallback"}, at(operation, "operationId"))
			want = append(want, fmt.Sprintf("%s %s open=%t", strings.ToUpper(method), path, open))
		}
	}
	api := at(resources(t, "AWS::Serverless::HttpApi")["HttpApi"], "DefinitionBody")
	integrations, _ := at(api, "components", "x-amazon-apigateway-integrations").(map[string]any)
	paths, _ := at(api, "paths").(map[string]any)
	for path, methods := range paths {
		for method, operation := range methods.(map[string]any) {
			name, _ := at(operation, "x-amazon-apigateway-integration", "$ref").(string)
			if integrations[strings.TrimPrefix(name, "#/components/x-amazon-apigateway-integrations/")] == nil {
				t.Errorf("%s %s is served by %q, which is nothing", method, path, name)
			}
			var named []string
			parameters, _ := at(operation, "parameters").([]any)
			for _, parameter := range parameters {
				named = append(named, fmt.Sprintf("{%v}", at(parameter, "name")))
			}
			if inPath := regexp.MustCompile(`\{\w+\}`).FindAllString(path, -1); !slices.Equal(inPath, named) {
				t.Errorf("%s %s has the parameters %v", method, path, named)
			}
			got = append(got, fmt.Sprintf("%s %s open=%t", strings.ToUpper(method), path, fmt.Sprint(at(operation, "security")) == "[map[NONE:[]]]"))
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("routes\n%s\noperations\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRoutesGoToTheFunctionThatServesThem checks the API's integrations against what each function's program serves.
func TestRoutesGoToTheFunctionThatServesThem(t *testing.T) {
	paths, _ := at(resources(t, "AWS::Serverless::HttpApi")["HttpApi"], "DefinitionBody", "paths").(map[string]any)
	functions := map[httpapi.Audience]string{httpapi.Client: "clientapi", httpapi.Review: "reviewapi", httpapi.Admin: "adminapi", httpapi.Flow: "flowapi", httpapi.Hooks: "hooks", httpapi.Screening: "screening", "": "clientapi"}
	document, err := httpapi.Describe()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths {
		for method, operation := range map[string]*huma.Operation{"get": item.Get, "put": item.Put, "post": item.Post, "patch": item.Patch, "delete": item.Delete} {
			if operation == nil {
				continue
			}
			audience, _ := operation.Extensions["x-audience"].(string)
			want := "#/components/x-amazon-apigateway-integrations/" + functions[httpapi.Audience(audience)]
			if to := at(paths, path, method, "x-amazon-apigateway-integration", "$ref"); to != want {
				t.Errorf("%s %s goes to %v, want %s", method, path, to, want)
			}
		}
	}
}

func TestSampleEventsDecode(t *testing.T) {
	files, err := filepath.Glob("../events/*.json")
	if err != nil || len(files) < 11 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil || !json.Valid(bytes.TrimSpace(text)) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTablesAreThoseThatTheStoreNeeds(t *testing.T) {
	data := load(t, "data.yaml")
	for _, definition := range dynamo.TableDefinitions() {
		table, ok := at(data, "Resources", definition.Name+"Table", "Properties").(map[string]any)
		if !ok {
			t.Errorf("data.yaml has no %sTable", definition.Name)
			continue
		}
		if got := keys(table["KeySchema"]); got != map[bool]string{true: "pk sk", false: "pk"}[definition.SortKey] {
			t.Errorf("%s: keys %s", definition.Name, got)
		}
		indexes, _ := table["GlobalSecondaryIndexes"].([]any)
		var names []string
		for _, index := range indexes {
			name, _ := at(index, "IndexName").(string)
			names = append(names, name)
			held, some := definition.Holds[name]
			kind, attributes := "ALL", []any(nil)
			for _, attribute := range held {
				attributes = append(attributes, attribute)
			}
			if some {
				kind = map[bool]string{true: "KEYS_ONLY", false: "INCLUDE"}[len(held) == 0]
			}
			there, _ := at(index, "Projection", "NonKeyAttributes").([]any)
			if got := keys(at(index, "KeySchema")); got != name+"_pk "+name+"_sk" || at(index, "Projection", "ProjectionType") != kind || !slices.Equal(there, attributes) {
				t.Errorf("%s: index %s has keys %s and holds %v, not %s %v", definition.Name, name, got, at(index, "Projection"), kind, attributes)
			}
		}
		slices.Sort(names)
		want := slices.Sorted(slices.Values(definition.Indexes))
		if !slices.Equal(names, want) {
			t.Errorf("%s: indexes %v, want %v", definition.Name, names, want)
		}
		if (at(table, "TimeToLiveSpecification", "AttributeName") == "ttl") != definition.TTL || (at(table, "StreamSpecification") != nil) != definition.Stream {
			t.Errorf("%s: time to live or stream is not as the store needs it", definition.Name)
		}
	}
}

// keys of a key schema, hash first.
func keys(schema any) string {
	var names []string
	elements, _ := schema.([]any)
	for _, element := range elements {
		names = append(names, fmt.Sprint(at(element, "AttributeName")))
	}
	return strings.Join(names, " ")
}

// policyOf splits a content security policy into its directives.
func policyOf(text string) map[string][]string {
	directives := map[string][]string{}
	for _, directive := range strings.Split(text, ";") {
		if words := strings.Fields(directive); len(words) > 0 {
			directives[words[0]] = words[1:]
		}
	}
	return directives
}

func TestTheDashboardsPolicyIsTheLocalOneAndWhatAWSAdds(t *testing.T) {
	headers := at(load(t, "dashboard.yaml"), "Resources", "Headers", "Properties", "ResponseHeadersPolicyConfig", "SecurityHeadersConfig")
	text, _ := at(headers, "ContentSecurityPolicy", "ContentSecurityPolicy").(string)
	got, want := policyOf(text), policyOf(site.Policy)
	added := map[string][]string{
		"img-src":     {"https://${DocumentsDomain}"},
		"connect-src": {"https://${DocumentsDomain}", "https://${SignInDomain}", "https://cognito-idp.${AWS::Region}.amazonaws.com"},
	}
	for name, sources := range want {
		if all := append(slices.Clone(sources), added[name]...); !slices.Equal(got[name], all) {
			t.Errorf("%s is %v, want %v", name, got[name], all)
		}
	}
	if len(got) != len(want) || strings.Contains(text, "unsafe") || strings.Contains(text, "*") {
		t.Errorf("policy %q", text)
	}
	if at(headers, "StrictTransportSecurity", "AccessControlMaxAgeSec") == nil || at(headers, "ContentTypeOptions", "Override") != true {
		t.Error("no HSTS, or types are guessed")
	}
}

func TestSignInReturnsToTheDashboardsOwnAddresses(t *testing.T) {
	client := at(load(t, "identity.yaml"), "Resources", "Client", "Properties")
	for key, path := range map[string]string{"CallbackURLs": "/sign-in/callback", "LogoutURLs": "/signed-out"} {
		if got := fmt.Sprint(at(client, key)); got != "[${DashboardUrl}"+path+"]" || !slices.Contains(site.Routes, path) {
			t.Errorf("%s: %s", key, got)
		}
	}
	if fmt.Sprint(at(client, "AllowedOAuthFlows")) != "[code]" || at(client, "GenerateSecret") != false {
		t.Error("the dashboard is a public client: code with PKCE, no secret")
	}
}

func TestNoBucketIsPublic(t *testing.T) {
	seen := 0
	for _, file := range []string{"data.yaml", "dashboard.yaml"} {
		all, _ := load(t, file)["Resources"].(map[string]any)
		for name, resource := range all {
			if at(resource, "Type") != "AWS::S3::Bucket" {
				continue
			}
			seen++
			block, _ := at(resource, "Properties", "PublicAccessBlockConfiguration").(map[string]any)
			for _, key := range []string{"BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"} {
				if block[key] != true {
					t.Errorf("%s: %s: %s is not set", file, name, key)
				}
			}
		}
	}
	if seen != 3 {
		t.Errorf("%d buckets", seen)
	}
}

// TestEveryAddressOfTheDashboardGivesThePage runs what the function at CloudFront does on the addresses there are: a name
// with a dot is a file, everything else is the page.
func TestEveryAddressOfTheDashboardGivesThePage(t *testing.T) {
	code, _ := at(load(t, "dashboard.yaml"), "Resources", "Routes", "Properties", "FunctionCode").(string)
	if !strings.Contains(code, "name.indexOf('.') === -1") || !strings.Contains(code, "if (request.uri === '/docs') request.uri = '/docs.html';") ||
		!strings.Contains(code, "if (request.uri === '/flow' || request.uri === '/flow/') request.uri = '/flow/index.html';") {
		t.Fatalf("another rule: %s", code)
	}
	for _, route := range site.Routes {
		if path := strings.ReplaceAll(route, "{$}", ""); strings.Contains(path[strings.LastIndex(path, "/")+1:], ".") {
			t.Errorf("%s would be taken for a file", route)
		}
	}
}

// TestMetricsAreWatchedWhereTheyAreWritten: two installations in an account have metrics of their own.
func TestMetricsAreWatchedWhereTheyAreWritten(t *testing.T) {
	template := load(t, "../template.yaml")
	written := at(template, "Globals", "Function", "Environment", "Variables", "METRICS_NAMESPACE")
	watched := at(template, "Resources", "Observability", "Properties", "Parameters", "RootStack")
	if written != "AWS::StackName" || written != watched {
		t.Errorf("written to %v, watched in %v", written, watched)
	}
	text, err := os.ReadFile("../functions/internal/start/start.go")
	if err != nil || !strings.Contains(string(text), `"METRICS_NAMESPACE"`) {
		t.Errorf("the functions do not read METRICS_NAMESPACE: %v", err)
	}
}

// TestTheSweepIsMissedWhenItDoesNotRun: no data is what a schedule that has stopped looks like. Lambda's own count is no use: it is also of
// the runs that a queue starts.
func TestTheSweepIsMissedWhenItDoesNotRun(t *testing.T) {
	missing := at(load(t, "observability.yaml"), "Resources", "SweepMissing", "Properties")
	always := slices.ContainsFunc(telemetry.Kept(), func(s telemetry.Series) bool { return s.Name == at(missing, "MetricName") && s.AtZero })
	if !always || at(missing, "MetricName") != "outbox_oldest_seconds" || at(missing, "Statistic") != "SampleCount" || at(missing, "TreatMissingData") != "breaching" || at(missing, "AlarmActions") == nil {
		t.Errorf("%v", missing)
	}
}

// TestTokensOfPeopleAreShort: a role that is taken away in the user pool counts when the next token is made.
func TestTokensOfPeopleAreShort(t *testing.T) {
	for name, resource := range load(t, "identity.yaml")["Resources"].(map[string]any) {
		if at(resource, "Type") != "AWS::Cognito::UserPoolClient" {
			continue
		}
		for _, token := range []string{"AccessToken", "IdToken"} {
			if at(resource, "Properties", token+"Validity") != 5 || at(resource, "Properties", "TokenValidityUnits", token) != "minutes" {
				t.Errorf("%s: the %s is not good for 5 minutes", name, token)
			}
		}
		return
	}
	t.Error("there is no client of the user pool")
}
