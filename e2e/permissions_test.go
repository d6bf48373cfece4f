package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"ballerine/infra/stack"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/store/dynamo/dynamolocal"
)

// TestEveryCallIsAllowedAndNothingElse has the roles of the templates evaluated by an implementation of IAM that is not ours, with
// what the compiled functions have asked of AWS: here, and in the tests of this run that come before it. Each call is allowed, and
// each action that is allowed is used or has a reason in infra/iam/reasons.yaml.
func TestEveryCallIsAllowedAndNothingElse(t *testing.T) {
	if _, err := os.Stat("../infra/iam/node_modules/@cloud-copilot/iam-simulate"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("CI must have the evaluator of policies: npm ci --prefix infra/iam")
		}
		t.Skip("SKIPPED, NOT TESTED HERE: the evaluator of IAM policies is missing (make setup)")
	}
	s := start(t, t.TempDir(), "--dynamodb", dynamolocal.Endpoint(t), "--functions", bootstraps(t))
	readEverything(t, s)
	screens(t, s)
	s.stop()

	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	deployed := stack.Stack{Name: "ballerine-dev", Region: "eu-central-1", Account: "123456789012", Partition: "aws", Templates: templates}
	roles := rolesOf(t, deployed)
	var requests []request
	for _, one := range recordings(t) {
		requests = append(requests, onAWS(t, deployed, one))
	}
	requests = append(requests, keyed(deployed, requests)...)
	if len(requests) < 20 { // alone; after the walk-through there are more
		t.Fatalf("only %d different calls were recorded", len(requests))
	}
	for i, allowed := range evaluate(t, deployed, roles, requests) {
		if one := requests[i]; !allowed {
			t.Errorf("%s may not %s on %s (%v)", one.function, one.action, one.resource, one.context)
		}
	}
	for i, allowed := range evaluate(t, deployed, roles, forbidden(deployed)) {
		if one := forbidden(deployed)[i]; allowed {
			t.Errorf("%s may %s on %s (%v)", one.function, one.action, one.resource, one.context)
		}
	}
	all, unused := rights(t, deployed, roles, requests)
	checkReasons(t, all, unused)
}

// screens has the screening function load, search and give up lists.
func screens(t *testing.T, s *server) {
	t.Helper()
	made := func(method, path, role string, body any) map[string]any {
		t.Helper()
		a, err := s.call(method, path, s.token(role), body)
		if err != nil || a.status != http.StatusOK {
			t.Fatalf("%s %s: %v %d %v\n%s", method, path, err, a.status, a.body, s.errs)
		}
		return a.body
	}
	for edition, people := range []int{5, 1} { // the second one waits
		list := screening.List{Name: "house", Edition: fmt.Sprint(edition)}
		for i := range people {
			list.Entries = append(list.Entries, screening.Entry{ID: fmt.Sprint(i), Kind: names.Person, Names: []screening.ListedName{{Text: fmt.Sprintf("Anna%c Keller", 'a'+i)}}})
		}
		packed, err := screening.Pack(list)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(packed)
		upload := made("POST", "/v1/watchlist-uploads", "manager", map[string]any{"size": len(packed), "sha256": hex.EncodeToString(sum[:])})
		request, err := http.NewRequestWithContext(t.Context(), fmt.Sprint(upload["method"]), fmt.Sprint(upload["url"]), bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		headers, _ := upload["headers"].(map[string]any)
		for name, value := range headers {
			request.Header.Set(name, fmt.Sprint(value))
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
			t.Fatal(response.Status)
		}
		made("POST", "/v1/watchlists", "manager", map[string]any{"upload": upload["id"]})
	}
	found := made("POST", "/v1/screenings", "reviewer", map[string]any{"name": "Anna Keller"})
	if hits, _ := found["hits"].([]any); len(hits) != 5 {
		t.Errorf("%v", found)
	}
	made("POST", "/v1/watchlists/house/editions/1/rejection", "manager", nil)
}

// forbidden are requests that the roles have to refuse, and that the evaluator has to see.
func forbidden(s stack.Stack) []request {
	bucket, registry := s.ARN("data", "DocumentsBucket"), s.ARN("data", "RegistryTable")
	keys := func(keys ...string) map[string]any { return map[string]any{"dynamodb:LeadingKeys": keys} }
	return []request{
		{"authorizer", "dynamodb:PutItem", s.ARN("data", "CasesTable"), nil},
		{"step", "dynamodb:DeleteItem", s.ARN("data", "CasesTable"), nil},
		{"clientapi", "dynamodb:PutItem", registry, keys("acme#list#blocked")},
		{"dispatch", "dynamodb:PutItem", registry, keys("acme#lists")},
		{"adminapi", "dynamodb:DeleteItem", registry, keys("acme")},
		{"flowapi", "s3:GetObject", bucket + "/documents/a", nil},
		{"clientapi", "s3:PutObject", bucket + "/documents/a", nil},
		{"dispatch", "states:SendTaskSuccess", "arn:aws:states:" + s.Region + ":" + s.Account + ":stateMachine:another", nil},
		{"hooks", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:" + s.Region + ":" + s.Account + ":secret:ballerine/another/vendors/a-AbCdEf", nil},
		{"step", "kms:Decrypt", s.ARN("security", "Key"), map[string]any{"kms:ViaService": "s3." + s.Region + ".amazonaws.com"}},
		{"deliver", "dynamodb:GetItem", s.ARN("data", "CasesTable"), nil},
		{"deliver", "states:SendTaskSuccess", "arn:aws:states:" + s.Region + ":" + s.Account + ":stateMachine:" + s.Name + "-kyc", nil},
		{"dispatch", "sqs:ReceiveMessage", s.ARN("delivery", "Deliveries"), nil},
		{"sweep", "kms:Decrypt", s.ARN("security", "Key"), nil},
		{"screening", "s3:GetObject", bucket + "/documents/a", nil},
		{"reviewapi", "s3:PutObject", bucket + "/watchlists/catalogues/demo.json", nil},
	}
}

// role is what a function may do.
type role struct {
	function   string
	statements []any
}

// rolesOf the functions, by the function's name.
func rolesOf(t *testing.T, s stack.Stack) map[string]role {
	t.Helper()
	found := map[string]role{}
	for logical, resource := range s.Templates[stack.Root].Resources() {
		if stack.At(resource, "Type") != "AWS::Serverless::Function" {
			continue
		}
		name := strings.TrimPrefix(s.Physical(stack.Root, logical), s.Name+"-")
		where, _ := stack.At(resource, "Properties", "Role", "Fn::GetAtt").([]any)
		if len(where) == 0 {
			t.Fatalf("%s has no role of its own", logical)
		}
		policies, _ := s.Resolve(stack.Root, stack.At(s.Templates[stack.Root].Resources()[fmt.Sprint(where[0])], "Properties", "Policies")).([]any)
		if strings.Contains(fmt.Sprint(policies), "<nil>") {
			t.Errorf("not all of the role of %s could be resolved: %v", name, policies)
		}
		r := role{function: name}
		for _, policy := range policies {
			statements, _ := stack.At(policy, "PolicyDocument", "Statement").([]any)
			r.statements = append(r.statements, statements...)
		}
		found[name] = r
	}
	if len(found) < 15 {
		t.Fatalf("only %d roles were found", len(found))
	}
	return found
}

// evaluate asks for each request whether the role of its function allows it.
func evaluate(t *testing.T, s stack.Stack, roles map[string]role, requests []request) []bool {
	t.Helper()
	var questions []map[string]any
	for _, one := range requests {
		questions = append(questions, question(s, roles[one.function].statements, one))
	}
	return ask(t, questions)
}

// question is a request in the words of infra/iam/evaluate.mjs. AWS's reference of actions, which the evaluator follows, has no resource
// for SendTaskSuccess; AWS's own policy for it (SAM's StepFunctionsCallbackPolicy) names the machine. It is evaluated as an
// action on machines that no role has.
func question(s stack.Stack, statements []any, one request) map[string]any {
	asked := map[string]any{
		"role": "arn:aws:iam::" + s.Account + ":role/" + one.function, "account": s.Account, "action": one.action, "resource": one.resource, "context": one.context,
		"policy": map[string]any{"Version": "2012-10-17", "Statement": statements},
	}
	if strings.HasPrefix(one.action, "kms:") {
		asked["resourcePolicy"] = s.Resolve("security", stack.At(s.Templates["security"].Resources()["Key"], "Properties", "KeyPolicy"))
	}
	if one.action == "states:SendTaskSuccess" {
		asked["action"] = "states:ListExecutions"
		var renamed []any
		for _, statement := range statements {
			fields := maps.Clone(statement.(map[string]any))
			fields["Action"] = slices.Clone(list(fields["Action"]))
			for i, action := range fields["Action"].([]any) {
				if action == one.action {
					fields["Action"].([]any)[i] = asked["action"]
				}
			}
			renamed = append(renamed, fields)
		}
		asked["policy"] = map[string]any{"Version": "2012-10-17", "Statement": renamed}
	}
	return asked
}

func ask(t *testing.T, questions []map[string]any) []bool {
	t.Helper()
	text, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "evaluate.mjs")
	command.Dir, command.Stdin, command.Stderr = "../infra/iam", bytes.NewReader(text), os.Stderr
	out, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct {
		Allowed bool
		Problem string
	}
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(questions) {
		t.Fatalf("%d answers to %d questions: %v", len(answers), len(questions), err)
	}
	var found []bool
	for i, answer := range answers {
		if answer.Problem != "" {
			t.Errorf("%v on %v cannot be evaluated: %s", questions[i]["action"], questions[i]["resource"], answer.Problem)
		}
		found = append(found, answer.Allowed)
	}
	return found
}

// right is one action of a statement that allows it.
type right struct{ function, sid, action string }

// rights of all functions, and those that no request needed.
func rights(t *testing.T, s stack.Stack, roles map[string]role, requests []request) (all, unused []right) {
	t.Helper()
	var questions []map[string]any
	var asked []right
	used := map[right]bool{}
	for _, r := range roles {
		for _, statement := range r.statements {
			if stack.At(statement, "Effect") != "Allow" {
				continue
			}
			for _, action := range list(stack.At(statement, "Action")) {
				one := right{r.function, fmt.Sprint(stack.At(statement, "Sid")), fmt.Sprint(action)}
				used[one] = false
				alone := map[string]any{"Effect": "Allow", "Action": action, "Resource": stack.At(statement, "Resource"), "Condition": stack.At(statement, "Condition")}
				if alone["Condition"] == nil {
					delete(alone, "Condition")
				}
				for _, made := range requests {
					if made.function == one.function && made.action == one.action {
						questions, asked = append(questions, question(s, []any{alone}, made)), append(asked, one)
					}
				}
			}
		}
	}
	for i, allowed := range ask(t, questions) {
		used[asked[i]] = used[asked[i]] || allowed
	}
	for one, is := range used {
		all = append(all, one)
		if !is {
			unused = append(unused, one)
		}
	}
	slices.SortFunc(unused, func(a, b right) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return all, unused
}

func list(value any) []any {
	if all, ok := value.([]any); ok {
		return all
	}
	return []any{value}
}

// reason states why rights are there that the tests do not use. Each of the three is a pattern, or several with spaces.
type reason struct{ Functions, Statements, Actions, Because string }

func (r reason) covers(one right) bool {
	return matches(r.Functions, one.function) && matches(r.Statements, one.sid) && matches(r.Actions, one.action)
}

func matches(patterns, text string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		ok, err := path.Match(pattern, text)
		return ok && err == nil
	})
}

// checkReasons wants a reason for each right that is not used, and that there is a right for each reason: it may have been used
// this time, for not every run takes the same ways.
func checkReasons(t *testing.T, all, unused []right) {
	t.Helper()
	text, err := os.ReadFile("../infra/iam/reasons.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var reasons []reason
	if err := yaml.Unmarshal(text, &reasons); err != nil {
		t.Fatal(err)
	}
	for _, one := range unused {
		if !slices.ContainsFunc(reasons, func(r reason) bool { return r.covers(one) }) {
			t.Errorf("%s: %s of the statement %s is not used, and infra/iam/reasons.yaml has no reason for it", one.function, one.action, one.sid)
		}
	}
	for _, r := range reasons {
		if !slices.ContainsFunc(all, r.covers) {
			t.Errorf("infra/iam/reasons.yaml: nothing is allowed for which %q is the reason", r.Because)
		}
		if len(r.Because) < 20 {
			t.Errorf("infra/iam/reasons.yaml: %q is no reason", r.Because)
		}
	}
}

var unfilled = regexp.MustCompile(`\{[a-z_]+\}`)

// readEverything asks for whatever the API has to read, with a case and without one: what comes does not matter here.
func readEverything(t *testing.T, s *server) {
	t.Helper()
	text, err := os.ReadFile("../infra/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Paths map[string]map[string]any }
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"workflow": "kyc", "subject": map[string]any{"type": "individual", "external_id": "reads"}, "context": map[string]any{}}
	var id string
	for end := time.Now().Add(patience); id == "" && time.Now().Before(end); {
		one, err := s.call("POST", "/v1/cases", s.ready.Demo.APIKey, body, "Idempotency-Key", "reads")
		if err == nil && one.status == http.StatusCreated {
			id, _ = one.body["id"].(string)
		}
	}
	if id == "" {
		t.Fatalf("no case was started\n%s", s.errs)
	}
	answered := 0
	for address, operations := range document.Paths {
		if operations["get"] == nil {
			continue
		}
		asked := strings.NewReplacer("{id}", id, "{workflow}", "kyc", "{policy}", "onboarding", "{version}", "1", "{name}", "a", "{kind}", "workflow").Replace(address)
		asked = unfilled.ReplaceAllString(asked, id)
		for _, credential := range []string{s.ready.Demo.APIKey, s.token("admin"), s.token("reviewer")} {
			if a, err := s.call("GET", asked, credential, nil); err == nil && a.status < 500 {
				answered++
			}
		}
	}
	if answered < 100 {
		t.Errorf("only %d reads were answered\n%s", answered, s.errs)
	}
}
