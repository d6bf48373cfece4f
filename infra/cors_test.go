package infra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ballerine/infra/stack"
)

// TestOriginsOfTheParameterReachAPIAndUploads: a client's own pages for applicants call the API and put documents into the bucket, so each
// origin of the list has to be known to both. The dashboard has the API behind its own address.
func TestOriginsOfTheParameterReachAPIAndUploads(t *testing.T) {
	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		parameters  map[string]string
		api, bucket string
	}{
		"none":       {nil, "", "https://*.cloudfront.net"},
		"one":        {map[string]string{"AllowedOrigins": "https://apply.bank.test"}, "https://apply.bank.test", "https://*.cloudfront.net https://apply.bank.test"},
		"two":        {map[string]string{"AllowedOrigins": "https://apply.bank.test,https://bank.test:8443"}, "https://apply.bank.test https://bank.test:8443", "https://*.cloudfront.net https://apply.bank.test https://bank.test:8443"},
		"own domain": {map[string]string{"AllowedOrigins": "https://apply.bank.test", "DashboardAlias": "review.bank.test"}, "https://apply.bank.test", "https://review.bank.test https://apply.bank.test"},
	} {
		t.Run(name, func(t *testing.T) {
			deployed := stack.Stack{Name: "risk-prod", Region: "eu-central-1", Account: "123456789012", Partition: "aws", Templates: templates, Parameters: c.parameters}
			api := deployed.Resolve(stack.Root, stack.At(templates[stack.Root].Resources()["HttpApi"], "Properties", "DefinitionBody", "x-amazon-apigateway-cors"))
			if got := words(stack.At(api, "allowOrigins")); got != c.api {
				t.Errorf("the API lets %q in, want %q", got, c.api)
			}
			rules, _ := deployed.Resolve("data", stack.At(templates["data"].Resources()["DocumentsBucket"], "Properties", "CorsConfiguration", "CorsRules")).([]any)
			methods := ""
			for _, rule := range rules {
				methods += words(stack.At(rule, "AllowedMethods"))
				if got := words(stack.At(rule, "AllowedOrigins")); got != c.bucket {
					t.Errorf("the bucket lets %q in with %s, want %q", got, words(stack.At(rule, "AllowedMethods")), c.bucket)
				}
			}
			if methods != "PUTGET" {
				t.Errorf("the bucket takes %s of other origins", methods)
			}
		})
	}
}

func words(list any) string {
	values, _ := list.([]any)
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(values), "["), "]")
}

// TestOtherOriginsMayUseEveryMethodOfTheAPI that it has routes for: what is missing would fail in browsers only.
func TestOtherOriginsMayUseEveryMethodOfTheAPI(t *testing.T) {
	templates, err := stack.Folder("..")
	if err != nil {
		t.Fatal(err)
	}
	deployed := stack.Stack{Name: "risk-prod", Region: "eu-central-1", Account: "123456789012", Partition: "aws", Templates: templates, Parameters: map[string]string{"AllowedOrigins": "https://apply.bank.test"}}
	body := stack.At(templates[stack.Root].Resources()["HttpApi"], "Properties", "DefinitionBody")
	allowed := deployed.Resolve(stack.Root, stack.At(body, "x-amazon-apigateway-cors"))
	paths, _ := stack.At(body, "paths").(map[string]any)
	used := map[string]bool{}
	for _, path := range paths {
		operations, _ := path.(map[string]any)
		for method := range operations {
			used[strings.ToUpper(method)] = true
		}
	}
	may := strings.Fields(words(stack.At(allowed, "allowMethods")))
	for method := range used {
		if !slices.Contains(may, method) {
			t.Errorf("there are routes for %s, which other origins may not use", method)
		}
	}
	if len(used) < 5 {
		t.Errorf("the API has the methods %v", used)
	}
}
