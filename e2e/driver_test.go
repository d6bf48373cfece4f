package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/demo/specimen"
)

// passports are drawn once: drawing is not what is tested.
var passports = sync.OnceValues(func() (map[string]passport, error) {
	found := map[string]passport{}
	for name, expires := range map[string]int{"valid": 2034, "expired": 2012} {
		person := specimen.Person{Family: "Tester", Given: "Toni", Nationality: "UTO", Number: "X1234567", Sex: "F", Born: time.Date(1980, 5, 17, 0, 0, 0, 0, time.UTC), Expires: time.Date(expires, 3, 1, 0, 0, 0, 0, time.UTC)}
		content, err := person.Passport()
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		found[name] = passport{content, hex.EncodeToString(sum[:]), person.Zone()}
	}
	return found, nil
})

type passport struct {
	content []byte
	sha256  string
	zone    string
}

// applicantCase is one case as a client drives it, step by step; each step may be repeated.
type applicantCase struct {
	name  string // unique: external id and idempotency keys derive from it
	given string
	doc   passport
	id    string
}

func (c *applicantCase) body() map[string]any {
	name := map[string]any{"given": c.given, "family": "Tester"}
	return map[string]any{
		"workflow": "kyc", "external_id": c.name,
		"subject": map[string]any{"type": "individual", "external_id": c.name, "name": name},
		"context": map[string]any{"applicant": map[string]any{"name": name, "date_of_birth": "1980-05-17", "country": "SE", "email": c.name + "@example.com"}},
	}
}

// collect starts the case, uploads the passport and submits. Every call carries an idempotency key, so that collect can
// be called again after any failure.
func (c *applicantCase) collect(s *server) error {
	key := s.ready.Demo.APIKey
	a, err := s.call("POST", "/v1/cases", key, c.body(), "Idempotency-Key", "start-"+c.name)
	if err != nil || a.status != http.StatusCreated {
		return failed("start", a, err)
	}
	c.id, _ = a.body["id"].(string)
	a, err = s.call("GET", "/v1/cases/"+c.id, key, nil)
	if err != nil || a.status != http.StatusOK {
		return failed("get", a, err)
	}
	if !slices.Contains(texts(a.body["configuration"]), "collect") {
		return nil // submitted before
	}
	if err := c.upload(s); err != nil {
		return err
	}
	a, err = s.call("POST", "/v1/cases/"+c.id+"/events", key, map[string]any{"type": "SUBMIT"}, "Idempotency-Key", "submit-"+c.name)
	if err == nil && a.code() == "event_not_allowed" {
		return nil // the first of two tries has moved it
	}
	if err != nil || a.status != http.StatusOK || slices.Contains(texts(a.body["configuration"]), "collect") {
		return failed("submit", a, err)
	}
	return nil
}

func (c *applicantCase) upload(s *server) error {
	// A link belongs to the address that the server had: after a restart the document is announced again.
	a, err := s.call("POST", "/v1/cases/"+c.id+"/documents", s.ready.Demo.APIKey, map[string]any{
		"kind": "passport", "side": "front", "content_type": "image/png", "size": len(c.doc.content), "sha256": c.doc.sha256,
		"properties": map[string]any{"mrz": c.doc.zone},
	}, "Idempotency-Key", "document-"+c.name+"-"+s.ready.API)
	if err != nil || a.status != http.StatusCreated {
		return failed("announce", a, err)
	}
	url, header := uploadOf(a)
	a, err = s.call("PUT", url, "", c.doc.content, header...)
	if err != nil || (a.status != http.StatusOK && a.status != http.StatusPreconditionFailed) {
		return failed("upload", a, err)
	}
	return nil
}

// uploadOf is where an announced document goes, and with which headers.
func uploadOf(a answer) (url string, header []string) {
	upload, _ := a.body["upload"].(map[string]any)
	url, _ = upload["url"].(string)
	headers, _ := upload["headers"].(map[string]any)
	for name, value := range headers {
		header = append(header, name, fmt.Sprint(value))
	}
	return url, header
}

// finish waits for the end; a case in review is approved. done is false while the case is still on its way.
func (c *applicantCase) finish(s *server) (outcome string, done bool, err error) {
	a, err := s.call("GET", "/v1/cases/"+c.id, s.ready.Demo.APIKey, nil)
	if err != nil || a.status != http.StatusOK {
		return "", false, failed("get", a, err)
	}
	if a.body["status"] != "active" {
		outcome, _ = a.body["outcome"].(string)
		return outcome, true, nil
	}
	if slices.Contains(texts(a.body["tags"]), "manual_review") {
		a, err = s.call("GET", "/v1/cases/"+c.id, s.token("reviewer"), nil) // reviewers learn what reviewers may do
		if err != nil || a.status != http.StatusOK {
			return "", false, failed("get", a, err)
		}
		who, approval := approvalOf(a.body)
		a, err = s.call("POST", "/v1/cases/"+c.id+"/decisions", s.token(who), approval, "If-Match", a.header.Get("ETag"))
		if err != nil || (a.status != http.StatusOK && a.code() != "stale" && a.code() != "case_closed" && a.code() != "event_not_allowed") {
			return "", false, failed("decide", a, err)
		}
	}
	return "", false, nil
}

// approvalOf a case is who approves it, and with what: a reviewer, and a manager where a second person has to confirm.
func approvalOf(one map[string]any) (role string, body map[string]any) {
	needs, _ := one["needs"].(map[string]any)
	hits, _ := needs["hits"].([]any)
	answers := []any{}
	for _, hit := range hits {
		answers = append(answers, map[string]any{"hit": hit.(map[string]any)["id"], "answer": "not_a_match"})
	}
	role = "reviewer"
	if needs["proposed"] != nil {
		role = "manager"
	}
	event := "approve"
	next, _ := one["next"].([]any)
	for _, each := range next { // a vendor that was killed with the system has not answered
		if offered, _ := each.(map[string]any); offered["event"] == "approve_unanswered" && offered["allowed"] == true {
			event = "approve_unanswered"
		}
	}
	return role, map[string]any{"event": event, "reason": "tested", "comment": "Approved by a test.", "hits": answers}
}

func failed(what string, a answer, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: status %d: %s", what, a.status, a.raw)
}

func texts(list any) []string {
	var found []string
	items, _ := list.([]any)
	for _, item := range items {
		text, _ := item.(string)
		found = append(found, text)
	}
	return found
}

func casesQuery(limit int) cases.Query { return cases.Query{Limit: limit} }
