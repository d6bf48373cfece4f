package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/demo/specimen"
	"ballerine/internal/httpapi"
)

const applicantData = `{"applicant": {"name": {"given": "Toni", "family": "Tester"}, "date_of_birth": "1980-05-17", "email": "toni@example.com"}}`

// TestACaseIsTakenFromItsStartToADecision is the README's walk-through with the command line alone.
func TestACaseIsTakenFromItsStartToADecision(t *testing.T) {
	stack := shared(t)
	client, reviewer := as(stack, "client"), as(stack, "reviewer")
	person := specimen.Person{
		Family: "Tester", Given: "Toni", Nationality: "UTO", Number: "X1234567", Sex: "F",
		Born: time.Date(1980, 5, 17, 0, 0, 0, 0, time.UTC), Expires: time.Date(2012, 3, 1, 0, 0, 0, 0, time.UTC),
	}
	passport, err := person.Passport()
	if err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(t.TempDir(), "passport.png")
	if err := os.WriteFile(picture, passport, 0o600); err != nil {
		t.Fatal(err)
	}
	start := []string{
		"case", "start", "kyc", "--context", "-", "--set", "applicant.country=SE", "--external-id", "cli-42", "--idempotency-key", "cli-42", "--json",
		"--subject-set", "type=individual", "--subject-set", "external_id=cli-42", "--subject-set", "name.given=Toni", "--subject-set", "name.family=Tester",
	}
	started := object[httpapi.Case](t, calls(t, client, applicantData, start...))
	if again := object[httpapi.Case](t, calls(t, client, applicantData, start...)); again.ID != started.ID || started.Status != cases.StatusActive {
		t.Errorf("called again, it started %s beside %s", again.ID, started.ID)
	}
	id := started.ID
	refused(t, client, exitProblems, "(event_not_allowed)", "case", "send", id, "SUBMIT")
	uploaded := calls(t, client, `{"mrz": "`+strings.ReplaceAll(person.Zone(), "\n", `\n`)+`"}`, "case", "documents", "upload", id, picture, "--kind", "passport", "--side", "front", "--properties", "-")
	if !strings.Contains(uploaded, "image/png") || !strings.Contains(uploaded, "passport") {
		t.Errorf("%s", uploaded)
	}
	document := object[struct{ Data []httpapi.Document }](t, calls(t, client, "", "case", "documents", "list", id, "--json")).Data[0].ID
	eventually(t, "the upload", func() bool {
		return strings.Contains(calls(t, client, "", "case", "documents", "list", id), "received")
	})
	if sent := calls(t, client, "", "case", "send", id, "SUBMIT"); !strings.Contains(sent, "screen") {
		t.Errorf("%s", sent)
	}
	var seen httpapi.Case
	eventually(t, "a case for a reviewer", func() bool {
		seen = object[httpapi.Case](t, calls(t, reviewer, "", "case", "show", id, "--json"))
		return strings.Join(seen.Configuration, ",") == "review"
	})

	copied := filepath.Join(t.TempDir(), "copy.png")
	calls(t, reviewer, "", "case", "documents", "download", id, document, "-o", copied)
	if got, err := os.ReadFile(copied); err != nil || !bytes.Equal(got, passport) {
		t.Errorf("downloaded another file: %v", err)
	}
	refused(t, reviewer, exitProblems, "(not_found)", "case", "documents", "download", id, "doc_none")

	decide := []string{"case", "decide", id, "approve", "--reason", "specimen", "--comment", "Known specimen.", "--version"}
	refused(t, reviewer, exitProblems, "The case is no longer at version 2|ballerine case show "+id+"|version 4: event SUBMIT by client|(stale)", append(decide, "2")...)
	refused(t, reviewer, exitUsage, "--version", append(decide, "new")...)
	refused(t, reviewer, exitUsage, "--version is required|--hit ID=ANSWER is one of match, not_a_match (did you mean match?)|--undo", "case", "decide", id, "approve", "--hit", "h=mach", "--undo", "1ms")
	decided := object[httpapi.Case](t, calls(t, reviewer, "", append(decide, strconv.Itoa(seen.Version), "--json")...))
	if decided.Outcome == nil || *decided.Outcome != "approved" {
		t.Errorf("%+v", decided)
	}

	for _, want := range []string{"VERSION  AT", "event  ", "SUBMIT", "collect  screen", "user user_reviewer2", "decision", "approve"} {
		if history := calls(t, reviewer, "", "case", "history", id); !strings.Contains(history, want) {
			t.Errorf("the history lacks %q:\n%s", want, history)
		}
	}
	lines := strings.Split(strings.TrimSpace(calls(t, reviewer, "", "case", "history", id, "--json", "--newest-first", "--cause", "event,decision", "--limit", "2")), "\n")
	if len(lines) != 2 || object[cases.Entry](t, lines[0]).Event != "approve" || object[cases.Entry](t, lines[1]).Event != "SUBMIT" {
		t.Errorf("%v", lines)
	}
	refused(t, reviewer, exitUsage, "--cause is one of|did you mean decision?", "case", "history", id, "--cause", "decisio")
}

func TestACaseIsCancelledByAManagerWhoHasSeenIt(t *testing.T) {
	stack := shared(t)
	client, manager, reviewer := as(stack, "client"), as(stack, "manager"), as(stack, "reviewer")
	id := object[httpapi.Case](t, calls(t, client, applicantData, "case", "start", "kyc", "--context", "-", "--subject-set", "type=individual", "--json")).ID
	seen := object[httpapi.Case](t, calls(t, manager, "", "case", "show", id, "--json"))
	cancel := []string{"case", "cancel", id, "--reason", "The customer has withdrawn."}
	refused(t, manager, exitUsage, "--reason is required|--version must be", "case", "cancel", id, "--version", "-1")
	refused(t, reviewer, exitProblems, "(forbidden)", append(cancel, "--version", strconv.Itoa(seen.Version))...)
	refused(t, manager, exitProblems, "(precondition_required)", cancel...)
	refused(t, manager, exitProblems, "The case is no longer at version "+strconv.Itoa(seen.Version+7)+"|(stale)", append(cancel, "--version", strconv.Itoa(seen.Version+7))...)
	cancelled := object[httpapi.Case](t, calls(t, manager, "", append(cancel, "--version", strconv.Itoa(seen.Version), "--json")...))
	if cancelled.Status != cases.StatusCancelled || cancelled.Outcome != nil {
		t.Errorf("%+v", cancelled)
	}
	if history := calls(t, manager, "", "case", "history", id, "--json", "--cause", "cancelled"); !strings.Contains(history, "The customer has withdrawn.") {
		t.Errorf("the history lacks the reason: %s", history)
	}
	refused(t, manager, exitProblems, "(case_closed)", append(cancel, "--version", strconv.Itoa(cancelled.Version))...)
}

func TestOnlyAnswersThatAreNeededAreAskedOfWhoStartsACase(t *testing.T) {
	client := as(shared(t), "client")
	refused(t, client, exitUsage, "only one flag can read standard input (-)", "case", "start", "kyc", "--context", "-", "--subject", "-")
	refused(t, client, exitUsage, "PATH=VALUE", "case", "start", "kyc", "--set", "applicant..country=SE")
	refused(t, client, exitUsage, "applicant is not an object, so that applicant.country cannot be set", "case", "start", "kyc", "--set", "applicant=1", "--set", "applicant.country=SE")
	refused(t, client, exitProblems, "(unknown_workflow)", "case", "start", "kcy")
	refused(t, client, exitUsage, "--kind is required", "case", "documents", "upload", "case_1", file(t, "a.png", "x"))
	for _, args := range [][]string{{"case", "start", "kyc"}, {"case", "send", "case_1", "GO"}, {"key", "list"}, {"webhook", "list"}} {
		refused(t, []string{"--endpoint="}, exitUsage, "this command requires a running system: specify it with --endpoint", args...)
	}
}

func TestMembersAreJSONWhereTheyReadAsSuchAndElseTexts(t *testing.T) {
	object := map[string]any{"a": map[string]any{"kept": "x"}}
	for _, text := range []string{"a.b=1", "a.c=true", "a.d=SE", "a.e=007", `a.f="12"`, `a.g={"h":[1]}`, "a.i=", "a.j=1 2", "k=null", "a.l=a=b"} {
		if err := setMember(object, text); err != nil {
			t.Fatal(err)
		}
	}
	got := jsonText(t, object)
	if want := `{"a":{"b":1,"c":true,"d":"SE","e":"007","f":"12","g":{"h":[1]},"i":"","j":"1 2","kept":"x","l":"a=b"},"k":null}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
