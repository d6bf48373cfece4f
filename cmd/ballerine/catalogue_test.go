package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAConnectorIsAddedToAProjectOnce(t *testing.T) {
	root := t.TempDir()
	got := call(t, "", "connector", "add", "companies-house", root)
	file := filepath.Join(root, "plugins", "companies-house.yaml")
	if got.code != 0 || !strings.HasPrefix(got.out, file+"\n") || !strings.Contains(got.out, "secret  COMPANIES_HOUSE_KEY: ") || !strings.Contains(got.out, "BALLERINE_SECRET_COMPANIES_HOUSE_KEY=") {
		t.Fatalf("%+v", got)
	}
	if tested := call(t, "", "connector", "test", file); tested.code != 0 {
		t.Errorf("%+v", tested)
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := call(t, "", "connector", "add", "companies-house", root); again.code != exitProblems || !strings.Contains(again.errs, "already exists") {
		t.Errorf("%+v", again)
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Error("the file was overwritten")
	}
	asked := call(t, "", "connector", "add", "gleif", root, "--json")
	var printed map[string]any
	if err := json.Unmarshal([]byte(asked.out), &printed); err != nil || printed["shape"] != "registry/1" || printed["file"] != filepath.Join(root, "plugins", "gleif.yaml") {
		t.Errorf("%+v %v", asked, err)
	}
}

func TestAConnectorThatIsNotThereIsNamed(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"add", "companies-hose"}, "did you mean companies-house?"},
		{[]string{"add", "x"}, "ballerine connector list names them"},
		{[]string{"list", "--category", "registries"}, "There is no category registries"},
		{[]string{"shapes", "identity/9"}, "There is no answer shape identity/9"},
	} {
		if got := call(t, "", append([]string{"connector"}, c.args...)...); got.code != exitProblems || !strings.Contains(got.errs, c.want) {
			t.Errorf("%q: %+v", c.args, got)
		}
	}
}

func TestTheCatalogueAndTheShapesAreListed(t *testing.T) {
	if got := call(t, "", "connector", "list", "--category", "registry"); got.code != 0 || strings.Count(got.out, "registry/1") != strings.Count(got.out, "\n")-1 || !strings.Contains(got.out, "companies-house ") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "connector", "shapes"); !strings.Contains(got.out, "identity/1\n") {
		t.Errorf("%+v", got)
	}
	if got := call(t, "", "connector", "shapes", "registry/1"); !strings.Contains(got.out, "incorporated_on: ") {
		t.Errorf("%+v", got)
	}
}

const swapWorkflow = `id: company-check
title: Company check
subject: business
context:
  schema:
    type: object
    properties: {company: {type: object, properties: {name: {type: string}, registration_number: {type: string}, country: {type: string}}}}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: check}}
  check:
    invoke:
      - {src: vendor, id: register, input: {plugin: VENDOR}, onError: continue}
      - {src: rules, id: risk, input: {policy: company-risk}}
    onDone:
      - {guard: "risk.outcome == 'approve' && register.name != null", target: approved}
      - {target: review}
  review: {tags: [manual_review], on: {approve: approved}}
  approved: {type: final, tags: [approved]}
`

const swapPolicy = `id: company-risk
title: Risk of a company
inputs: {type: object, properties: {register: {type: object, properties: {found: {type: boolean}, status: {type: string}}}}}
outcomes: [refer, approve]
default: approve
invalid: refer
rules:
  - {id: not-found, outcome: refer, when: "!coalesce(register.found, false)", reason: The register does not know it}
  - {id: not-active, outcome: refer, when: "coalesce(register.status, 'unknown') != 'active'", reason: "It is not active, or nobody knows"}
`

const swapCases = `workflow: company-check
cases:
  - name: a company that is active
    context: {company: {name: Example, registration_number: "01234567", country: GB}}
    answers: {register: ACTIVE}
    events: [{type: SUBMIT}]
    expect: {state: approved, context: {register: {found: true, name: EXAMPLE TRADING LIMITED, country: GB, status: active, incorporated_on: "2012-03-01"}, risk: {outcome: approve}}}
  - name: a company of which it is not known whether it is active
    context: {company: {name: Example, registration_number: "01234567", country: GB}}
    answers: {register: UNKNOWN}
    events: [{type: SUBMIT}]
    expect: {state: review, context: {risk: {outcome: refer}}}
`

const identityWorkflow = `id: company-check
title: Identity check
subject: individual
context:
  schema: {type: object, properties: {applicant: {type: object, properties: {name: {type: object, properties: {given: {type: string, personal: true}, family: {type: string, personal: true}}}}}}}
initial: collect
states:
  collect: {tags: [collection_flow], on: {SUBMIT: check}}
  check:
    invoke:
      - {src: vendor, id: identity, input: {plugin: VENDOR}, onError: continue}
      - {src: rules, id: risk, input: {policy: identity-risk}}
    onDone: [{guard: "risk.outcome == 'approve'", target: approved}, {target: review}]
  review: {tags: [manual_review], on: {approve: approved}}
  approved: {type: final, tags: [approved]}
`

const identityPolicy = `id: identity-risk
title: Risk of an identity
inputs: {type: object, properties: {identity: {type: object, properties: {outcome: {type: string}, reasons: {type: array, items: {type: string}}}}}}
outcomes: [refer, approve]
default: approve
invalid: refer
rules:
  - {id: not-verified, outcome: refer, when: "coalesce(identity.outcome, 'unknown') != 'verified'", reason: The vendor has not confirmed who it is}
`

const identityCases = `workflow: company-check
cases:
  - name: a person who is verified
    context: {applicant: {name: {given: Anna, family: Sample}}}
    answers: {identity: ACTIVE}
    events: [{type: SUBMIT}]
    expect: {state: approved, context: {identity: {outcome: verified}}}
  - name: a person of whom the vendor is not sure
    context: {applicant: {name: {given: Anna, family: Sample}}}
    answers: {identity: UNKNOWN}
    events: [{type: SUBMIT}]
    expect: {state: review, context: {identity: {outcome: review}}}
`

// One workflow and one policy, with several vendors that call back.
func TestAWorkflowChangesVendorsThatCallBackByName(t *testing.T) {
	for vendor, answers := range map[string][2]string{
		"veriff": {
			`{status: 201, body: {status: success, verification: {id: A, url: "https://a.example"}}, callback: {verification: {id: A, status: approved, vendorData: case_example}}}`,
			`{status: 201, body: {status: success, verification: {id: A, url: "https://a.example"}}, callback: {verification: {id: A, status: review, vendorData: case_example}}}`,
		},
		"sumsub": {
			`{status: 200, body: {url: "https://a.example"}, callback: {type: applicantReviewed, applicantId: A, externalUserId: "case_example-state-1-work-0", reviewResult: {reviewAnswer: GREEN}}}`,
			`{status: 200, body: {url: "https://a.example"}, callback: {type: applicantReviewed, applicantId: A, externalUserId: "case_example-state-1-work-0", reviewResult: {reviewAnswer: YELLOW}}}`,
		},
		"persona": {
			`{status: 201, body: {data: {type: inquiry, id: inq_A}}, callback: {data: {attributes: {payload: {data: {id: inq_A, attributes: {status: approved, reference-id: case_example}}}}}}}`,
			`{status: 201, body: {data: {type: inquiry, id: inq_A}}, callback: {data: {attributes: {payload: {data: {id: inq_A, attributes: {status: needs_review, reference-id: case_example}}}}}}}`,
		},
		"stripe-identity": {
			`{status: 200, body: {id: A, object: identity.verification_session, url: "https://a.example"}, callback: {type: identity.verification_session.verified, data: {object: {id: A, status: verified, client_reference_id: case_example}}}}`,
			`{status: 200, body: {id: A, object: identity.verification_session, url: "https://a.example"}, callback: {type: identity.verification_session.requires_input, data: {object: {id: A, status: requires_input, client_reference_id: case_example, last_error: {code: document_unverified_other}}}}}`,
		},
	} {
		swapped(t, vendor, answers, map[string]string{"workflows/a.yaml": identityWorkflow, "policies/a.yaml": identityPolicy, "tests/a.yaml": identityCases})
	}
}

// swapped runs the cases of a project whose workflow names this vendor.
func swapped(t *testing.T, vendor string, answers [2]string, files map[string]string) {
	t.Helper()
	root := t.TempDir()
	for file, text := range files {
		text = strings.NewReplacer("VENDOR", vendor, "ACTIVE}", answers[0]+"}", "UNKNOWN}", answers[1]+"}").Replace(text)
		if err := writeNew(filepath.Join(root, file), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got := call(t, "", "connector", "add", vendor, root); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	if got := call(t, "", "test", root); got.code != 0 || !strings.Contains(got.out, " cases passed, 0 failed") {
		t.Errorf("%s: %+v", vendor, got)
	}
}

// One workflow and one policy, with several vendors: only the plugin's name and the vendor's own answers differ.
func TestAWorkflowChangesVendorsByName(t *testing.T) {
	for vendor, answers := range map[string][2]string{
		"companies-house": {
			`{body: {company_name: EXAMPLE TRADING LIMITED, company_number: "01234567", company_status: active, type: ltd, date_of_creation: "2012-03-01"}}`,
			`{body: {company_name: EXAMPLE TRADING LIMITED, company_number: "01234567", company_status: suspended, type: ltd}}`,
		},
		"opencorporates": {
			`{body: {results: {company: {name: EXAMPLE TRADING LIMITED, company_number: "01234567", jurisdiction_code: gb, inactive: false, incorporation_date: "2012-03-01"}}}}`,
			`{body: {results: {company: {name: EXAMPLE TRADING LIMITED, company_number: "01234567", jurisdiction_code: gb, inactive: null}}}}`,
		},
		"gleif": {
			`{body: {data: [{id: A, attributes: {lei: 213800EXAMPLE0000042, entity: {legalName: {name: EXAMPLE TRADING LIMITED}, jurisdiction: GB, status: ACTIVE, creationDate: "2012-03-01T00:00:00Z"}, registration: {status: ISSUED}}}]}}`,
			`{body: {data: [{id: A, attributes: {lei: 213800EXAMPLE0000042, entity: {legalName: {name: EXAMPLE TRADING LIMITED}, jurisdiction: GB, status: "NULL"}, registration: {status: ISSUED}}}]}}`,
		},
	} {
		swapped(t, vendor, answers, map[string]string{"workflows/a.yaml": swapWorkflow, "policies/a.yaml": swapPolicy, "tests/a.yaml": swapCases})
	}
}
