package infra_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// operations are what a name in the source of the store asks of DynamoDB, as IAM calls it. A transaction asks for what is in it.
var operations = map[string]string{
	"PutItem": "PutItem", "Put": "PutItem", "UpdateItem": "UpdateItem", "Update": "UpdateItem", "DeleteItem": "DeleteItem", "Delete": "DeleteItem",
	"GetItem": "GetItem", "Get": "GetItem", "Query": "Query", "BatchGetItem": "BatchGetItem", "ConditionCheck": "ConditionCheckItem", "Scan": "Scan",
}

// routine is what one function of the store mentions.
type routine struct{ actions, calls, tables map[string]bool }

// routines of the package that talks to DynamoDB, by name; methods of the same name are taken together.
func routines(t *testing.T) map[string]routine {
	t.Helper()
	all := map[string]routine{}
	files, err := os.ReadDir("../internal/store/dynamo")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") || file.Name() == "tables.go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), "../internal/store/dynamo/"+file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Body != nil {
				read(all, function)
			}
		}
	}
	return all
}

func read(all map[string]routine, function *ast.FuncDecl) {
	r, ok := all[function.Name.Name]
	if !ok {
		r = routine{map[string]bool{}, map[string]bool{}, map[string]bool{}}
		all[function.Name.Name] = r
	}
	ast.Inspect(function, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr:
			if inner, ok := n.X.(*ast.SelectorExpr); ok && inner.Sel.Name == "tables" {
				r.tables[n.Sel.Name] = true
			}
			if package_, ok := n.X.(*ast.Ident); ok && (package_.Name == "types" || package_.Name == "dynamodb") {
				if action := operations[strings.TrimSuffix(n.Sel.Name, "Input")]; action != "" {
					r.actions[action] = true
				}
			}
			r.calls[n.Sel.Name] = true
		case *ast.Ident:
			r.calls[n.Name] = true
		}
		return true
	})
}

// actionsOf returns the actions that a routine uses, with those of the routines that it calls.
func actionsOf(all map[string]routine, name string, seen map[string]bool) map[string]bool {
	found := maps.Clone(all[name].actions)
	for called := range all[name].calls {
		if r, ok := all[called]; ok && !seen[called] && len(r.tables) == 0 {
			seen[called] = true
			maps.Copy(found, actionsOf(all, called, seen))
		}
	}
	return found
}

// TestFunctionsMayAskOfEachTableWhatTheStoreAsksOfIt: an action that no code asks of a table is allowed to nobody.
func TestFunctionsMayAskOfEachTableWhatTheStoreAsksOfIt(t *testing.T) {
	all := routines(t)
	used := map[string]bool{}
	for name, r := range all {
		for table := range r.tables {
			for action := range actionsOf(all, name, map[string]bool{name: true}) {
				used[table+" "+action] = true
			}
		}
	}
	allowed := map[string]bool{}
	for role, statement := range statements(t) {
		for _, one := range statement {
			if at(one, "Effect") != "Allow" {
				continue
			}
			for _, found := range regexp.MustCompile(`dynamodb:(\w+)`).FindAllStringSubmatch(fmt.Sprint(at(one, "Action")), -1) {
				for _, table := range regexp.MustCompile(`(\w+)TableArn`).FindAllStringSubmatch(fmt.Sprint(at(one, "Resource")), -1) {
					pair := table[1] + " " + found[1]
					allowed[pair] = true
					if !used[pair] {
						t.Errorf("%s may ask %s, which no code does", role, pair)
					}
				}
			}
		}
	}
	if len(used) < 10 || len(allowed) < 10 {
		t.Fatalf("used: %v, allowed: %v", used, allowed)
	}
	t.Log(slices.Sorted(maps.Keys(used)))
}

// statements of the functions' roles.
func statements(t *testing.T) map[string][]any {
	t.Helper()
	found := map[string][]any{}
	for name, role := range resources(t, "AWS::IAM::Role") {
		policies, _ := at(role, "Policies").([]any)
		for _, policy := range policies {
			all, _ := at(policy, "PolicyDocument", "Statement").([]any)
			found[name] = append(found[name], all...)
		}
	}
	return found
}

// TestKeysAreUsedThroughServicesOnly: a function never decrypts anything itself, and only what it has rights to can ask in its name.
func TestKeysAreUsedThroughServicesOnly(t *testing.T) {
	seen := 0
	for role, all := range statements(t) {
		for _, one := range all {
			if !strings.Contains(fmt.Sprint(at(one, "Action")), "kms:") {
				continue
			}
			seen++
			services, _ := at(one, "Condition", "StringEquals", "kms:ViaService").([]any)
			if len(services) == 0 {
				t.Errorf("%s may use the key itself", role)
			}
			for _, service := range []string{"dynamodb", "s3", "secretsmanager", "sqs"} {
				asked := slices.ContainsFunc(all, func(other any) bool {
					return regexp.MustCompile(`\b` + service + `:\w`).MatchString(fmt.Sprint(at(other, "Action")))
				})
				if through := slices.Contains(services, any(service+".${AWS::Region}.amazonaws.com")); through != asked {
					t.Errorf("%s has rights to %s: %v, and may use the key through it: %v", role, service, asked, through)
				}
			}
			for _, service := range services {
				if !regexp.MustCompile(`^(dynamodb|s3|secretsmanager|sqs)\.\$\{AWS::Region\}\.amazonaws\.com$`).MatchString(fmt.Sprint(service)) {
					t.Errorf("%s may use the key through %v", role, service)
				}
			}
		}
	}
	if seen < 14 {
		t.Errorf("%d roles use the key", seen)
	}
}

// TestMachinesAreManagedWithWhatTheCodeCalls checks the actions of Step Functions against the clients' methods in the source.
func TestMachinesAreManagedWithWhatTheCodeCalls(t *testing.T) {
	var source strings.Builder
	for _, name := range []string{"backtests", "decisions", "machines", "stepfunctions"} {
		text, err := os.ReadFile("../internal/store/stepfunctions/" + name + ".go")
		if err != nil {
			t.Fatal(err)
		}
		source.Write(text)
	}
	for role, all := range statements(t) {
		if strings.HasPrefix(role, "Backtest") { // the machine's own: Step Functions itself starts and follows a map's parts
			continue
		}
		for _, one := range all {
			for _, action := range regexp.MustCompile(`states:(\w+)`).FindAllStringSubmatch(fmt.Sprint(at(one, "Action")), -1) {
				called := strings.Contains(source.String(), "client."+action[1]+"(")
				if action[1] == "PublishStateMachineVersion" { // what Publish: true of the other two takes
					called = strings.Contains(source.String(), "Publish: true")
				}
				if !called {
					t.Errorf("%s may call states:%s, which no code does", role, action[1])
				}
			}
		}
	}
}

// lambdasOwn are statements of what Lambda itself does with a function's role.
var lambdasOwn = map[string]bool{"Failures": true, "UploadFailures": true, "Queue": true, "Wakes": true}

// partsOf returns the rights that a part of a function (internal/app/onaws) requires.
var partsOf = map[string]*regexp.Regexp{
	"Objects":    regexp.MustCompile(`^s3:`),
	"Executions": regexp.MustCompile(`^states:(StartExecution|StopExecution|DescribeExecution|SendTaskSuccess)$`),
	"Wakes":      regexp.MustCompile(`^states:SendTaskSuccess$`),
	"Queues":     regexp.MustCompile(`^sqs:SendMessage$`),
	"Decisions":  regexp.MustCompile(`^states:StartSyncExecution$`),
	"Publishing": regexp.MustCompile(`^states:(Create|Update)StateMachine$`),
	"Backtests":  regexp.MustCompile(`^states:(StartExecution|StopExecution)$`),
	"Signing":    regexp.MustCompile(`^secretsmanager:GetSecretValue$`),
	"Vendors":    regexp.MustCompile(`^secretsmanager:`),
	"Reviewers":  nil, // asks no service of AWS with credentials
}

// TestFunctionsHaveThePartsThatTheirRolesAreFor: a function without a part that its code reaches ends in the middle of its
// work, and a right without the part that uses it is one too many.
func TestFunctionsHaveThePartsThatTheirRolesAreFor(t *testing.T) {
	functions := resources(t, "AWS::Serverless::Function")
	all := statements(t)
	for logical, function := range functions {
		name := strings.TrimPrefix(fmt.Sprint(at(function, "FunctionName")), "${AWS::StackName}-")
		source, err := os.ReadFile("../functions/" + name + "/main.go")
		if err != nil {
			t.Fatal(err)
		}
		var rights []string
		for _, one := range all[strings.TrimSuffix(logical, "Function")+"Role"] {
			if at(one, "Effect") == "Allow" && !lambdasOwn[fmt.Sprint(at(one, "Sid"))] {
				rights = append(rights, regexp.MustCompile(`(s3|states|secretsmanager|sqs):\w+`).FindAllString(fmt.Sprint(at(one, "Action")), -1)...)
			}
		}
		used := map[string]bool{}
		for _, part := range regexp.MustCompile(`onaws\.([A-Z]\w+)`).FindAllStringSubmatch(string(source), -1) {
			needs, known := partsOf[part[1]]
			if !known {
				t.Errorf("%s: which rights the part %s needs is not known here", name, part[1])
			}
			if needs == nil {
				continue
			}
			found := false
			for _, right := range rights {
				if needs.MatchString(right) {
					used[right], found = true, true
				}
			}
			if !found {
				t.Errorf("%s has the part %s without a right to use it", name, part[1])
			}
		}
		for _, right := range rights {
			if !used[right] && right != "states:PublishStateMachineVersion" { // goes with Publish: true
				t.Errorf("%s has the right to %s, and no part that uses it", name, right)
			}
		}
	}
}
