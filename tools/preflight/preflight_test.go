package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ballerine/infra/stack"
)

// deploying is an environment with parameters, "Name=value".
func deploying(t *testing.T, environment, name string, parameters ...string) *deployment {
	t.Helper()
	quoted := make([]string, len(parameters))
	for i, one := range parameters {
		quoted[i] = `'` + one + `'`
	}
	file := filepath.Join(t.TempDir(), "samconfig.toml")
	text := "version = 0.1\n[default.global.parameters]\nregion = \"eu-central-1\"\n[" + environment + ".deploy.parameters]\nstack_name = \"" + name + "\"\nparameter_overrides = [" + strings.Join(quoted, ", ") + "]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := readDeployment(file, environment)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func templates(t *testing.T) map[string]stack.Template {
	t.Helper()
	found, err := stack.Folder("../..")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

const certificate = "DashboardCertificateArn=arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"

func TestNamesAndParametersThatWouldFailAreFound(t *testing.T) {
	good := []string{"MfaConfiguration=ON", "AlarmEmail=on-call@bank.test"}
	for _, test := range []struct {
		name, environment, stack string
		parameters               []string
		want                     string
	}{
		{"nothing", "prod", "bank-prod", good, ""},
		{"all that there is", "prod", "bank", append([]string{"DashboardAlias=review.bank.test", certificate, "AllowedOrigins=https://apply.bank.test,https://bank.test:8443", `PluginSettings={"screening.url":"https://screening.test"}`}, good...), ""},
		{"a long name", "dev", strings.Repeat("x", 38), nil, "at most 37"},
		{"capitals", "dev", "Bank", nil, "lower-case"},
		{"a word that the sign-in may not have", "dev", "bank-aws", nil, `"aws"`},
		{"an unknown parameter", "dev", "bank", []string{"AlarmMail=a@b"}, "no parameter of this name"},
		{"a value that is not allowed", "dev", "bank", []string{"LogRetentionDays=15"}, "none of ["},
		{"an origin without https", "dev", "bank", []string{"AllowedOrigins=http://bank.test"}, "not as it has to be"},
		{"text that is no JSON", "dev", "bank", []string{"CaseLimits={"}, "no JSON object"},
		{"settings that are too long", "dev", "bank", []string{`PluginSettings={"a":"` + strings.Repeat("x", 3000) + `"}`}, "at most 4096"},
		{"a domain name without its certificate", "dev", "bank", []string{"DashboardAlias=review.bank.test"}, "one needs the other"},
		{"a web ACL elsewhere", "dev", "bank", []string{"DashboardWebAclArn=arn:aws:wafv2:eu-central-1:1:global/webacl/a/b"}, "us-east-1 only"},
		{"the example", "dev", "bank", []string{"AlarmEmail=alarms@example.com"}, "still the example"},
		{"production without alarms", "prod", "bank", []string{"MfaConfiguration=ON"}, "nobody would be notified"},
		{"production without a second factor", "prod", "bank", []string{"AlarmEmail=a@bank.test"}, "ON in production"},
		{"production all at once", "prod", "bank", append([]string{"Rollout=AllAtOnce"}, good...), "rolls nothing back"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := strings.Join(deploying(t, test.environment, test.stack, test.parameters...).check(templates(t)).problems, "\n")
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("problems: %q, want %q", got, test.want)
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnce(t *testing.T) {
	r := deploying(t, "prod", "AWS", "LogRetentionDays=1", "Colour=blue").check(templates(t))
	if len(r.problems) < 5 {
		t.Errorf("problems: %q", r.problems)
	}
}

// pretended is an account.
type pretended struct {
	denied      error
	status      string
	quotas      []quota
	certificate string
	names       []string
}

func (p pretended) Identity(context.Context) (id, arn string, err error) {
	return "123456789012", "arn:aws:iam::123456789012:role/deploy", p.denied
}
func (p pretended) Stack(context.Context, string) (string, error) { return p.status, nil }
func (p pretended) Quotas(context.Context) ([]quota, error)       { return p.quotas, nil }
func (p pretended) Certificate(context.Context, string) (status string, names []string, err error) {
	return p.certificate, p.names, nil
}

func TestWhatIsInTheWayInTheAccountIsFound(t *testing.T) {
	few := []quota{{Name: "concurrent executions", Most: 10, Need: needConcurrency}}
	for _, test := range []struct {
		name    string
		account pretended
		want    string
	}{
		{"nothing, the first time", pretended{certificate: "ISSUED", names: []string{"review.bank.test"}}, ""},
		{"nothing, an update", pretended{status: "UPDATE_COMPLETE", quotas: few, certificate: "ISSUED", names: []string{"bank.test", "*.bank.test"}}, ""},
		{"credentials", pretended{denied: errors.New("expired")}, "no credentials"},
		{"a quota", pretended{quotas: few, certificate: "ISSUED", names: []string{"*.bank.test"}}, "0 of 10 are used, and 100 more are needed"},
		{"a first attempt that failed", pretended{status: "ROLLBACK_COMPLETE", certificate: "ISSUED", names: []string{"*.bank.test"}}, "delete it first"},
		{"another deployment", pretended{status: "UPDATE_IN_PROGRESS", certificate: "ISSUED", names: []string{"*.bank.test"}}, "wait until"},
		{"a rollback that failed", pretended{status: "UPDATE_ROLLBACK_FAILED", certificate: "ISSUED", names: []string{"*.bank.test"}}, "continue-update-rollback"},
		{"a certificate that waits", pretended{certificate: "PENDING_VALIDATION", names: []string{"*.bank.test"}}, "not ISSUED"},
		{"a certificate for another name", pretended{certificate: "ISSUED", names: []string{"bank.test"}}, "not for review.bank.test"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r report
			checkAccount(t.Context(), test.account, deploying(t, "dev", "bank", "DashboardAlias=review.bank.test", certificate), &r)
			got := strings.Join(r.problems, "\n")
			if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("problems: %q, want %q", got, test.want)
			}
		})
	}
}

// TestTheRevisionFollowsEverythingThatIsDeployed: without another revision a changed parameter would publish no version of
// the functions, and the alias would stay with the old setting.
func TestTheRevisionFollowsEverythingThatIsDeployed(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) {
		file := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	revision := func(parameters ...string) string {
		r, err := deploying(t, "dev", "bank", parameters...).revision(root, filepath.Join(root, "builds"))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	put("template.yaml", "a")
	if _, err := deploying(t, "dev", "bank").revision(root, filepath.Join(root, "builds")); err == nil {
		t.Error("nothing was built, and nobody says so")
	}
	put("builds/StepFunction/bootstrap", "code")
	put("infra/data.yaml", "b")
	first := revision("A=1")
	if len(first) != 64 || revision("A=1") != first {
		t.Errorf("revision %q is no check sum", first)
	}
	seen := map[string]string{first: "the first"}
	for name, other := range map[string]func() string{
		"a parameter": func() string { return revision("A=2") },
		"code":        func() string { put("builds/StepFunction/bootstrap", "other code"); return revision("A=1") },
		"a template":  func() string { put("infra/data.yaml", "c"); return revision("A=1") },
		"a machine":   func() string { put("statemachines/kyc.asl.json", "{}"); return revision("A=1") },
	} {
		r := other()
		if seen[r] != "" {
			t.Errorf("%s gives the revision of %s", name, seen[r])
		}
		seen[r] = name
	}
}

func TestTheConfigurationToDeployWithHasTheRevision(t *testing.T) {
	root := t.TempDir()
	builds := filepath.Join(root, "StepFunction")
	if err := errors.Join(os.MkdirAll(builds, 0o700), os.WriteFile(filepath.Join(builds, "bootstrap"), []byte("code"), 0o600)); err != nil {
		t.Fatal(err)
	}
	out, config := filepath.Join(root, "out", "samconfig.toml"), filepath.Join(root, "samconfig.toml")
	text := "version = 0.1\n[default.global.parameters]\nregion = \"eu-central-1\"\n[dev.deploy.parameters]\nstack_name = \"bank\"\nparameter_overrides = ['PluginSettings={\"a.url\":\"https://a.test\"}']\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var printed bytes.Buffer
	if err := run(t.Context(), []string{"-offline", "-config", config, "-root", "../..", "-builds", root, "-out", out, "dev"}, &printed); err != nil {
		t.Fatal(err)
	}
	d, err := readDeployment(out, "dev")
	if err != nil || len(d.Parameters["Revision"]) != 64 || d.Parameters["PluginSettings"] != `{"a.url":"https://a.test"}` || d.Region != "eu-central-1" {
		t.Errorf("%+v %v", d, err)
	}
	printed.Reset()
	if err := run(t.Context(), []string{"-stack", "-config", config, "dev"}, &printed); err != nil || printed.String() != "bank eu-central-1\n" {
		t.Errorf("%q %v", printed.String(), err)
	}
	if err := run(t.Context(), []string{"-config", config, "live"}, &printed); err == nil || !strings.Contains(err.Error(), "it has dev") {
		t.Errorf("an environment that is not there: %v", err)
	}
}
