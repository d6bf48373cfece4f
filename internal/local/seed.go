package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/local/specimen"
	"ballerine/internal/problem"
)

// seedCase is a demo case: a person who does not exist, and how far the case goes. Given names steer the sandbox
// vendors (see package sandbox).
type seedCase struct {
	given, family, country, born string
	expires                      int    // year of the passport
	upload, submit               bool   // how far the applicant gets
	decide                       string // what a reviewer decides once the case is in review; "" leaves it there
	note                         string
}

var seedCases = []seedCase{
	{given: "Lena", family: "Brandt", country: "DE", born: "1988-03-14", expires: 2033, upload: true, submit: true},
	{given: "Mateo", family: "Silva", country: "PT", born: "1979-11-02", expires: 2031, upload: true, submit: true},
	{given: "Ingrid", family: "Solberg", country: "NO", born: "1992-07-21", expires: 2012, upload: true, submit: true},
	{given: "Maybe", family: "Okafor", country: "NG", born: "1985-01-30", expires: 2032, upload: true, submit: true, note: "Asked the vendor for the second page of the match."},
	{given: "Hit", family: "Petrov", country: "BG", born: "1970-05-05", expires: 2030, upload: true, submit: true},
	{given: "Hit", family: "Marchetti", country: "IT", born: "1966-09-17", expires: 2031, upload: true, submit: true, decide: "reject"},
	{given: "Mismatch", family: "Kowalska", country: "PL", born: "1990-12-24", expires: 2034, upload: true, submit: true},
	{given: "Aiko", family: "Tanaka", country: "JP", born: "1996-04-04", expires: 2011, upload: true, submit: true, decide: "approve"},
	{given: "Tom", family: "Young", country: "IE", born: "2012-06-01", expires: 2032, upload: true, submit: true},
	{given: "Callback", family: "Nowak", country: "PL", born: "1983-08-08", expires: 2033, upload: true, submit: true},
	{given: "Clara", family: "Dubois", country: "FR", born: "1999-10-10", expires: 2030, upload: true},
	{given: "Noah", family: "Meyer", country: "CH", born: "1975-02-28", expires: 2029},
}

// Seed adds demo cases to a system that has none. They go through the same interface as everybody's.
func (s *Stack) Seed(ctx context.Context) error {
	client := identity.Principal{Tenant: demoTenant, Kind: identity.Client, ID: "seed"}
	page, err := s.Core.Cases.List(ctx, client, cases.Query{Limit: 1})
	if err != nil || len(page.Records) > 0 {
		return err
	}
	for n, c := range seedCases {
		if err := s.seed(ctx, client, n, c); err != nil {
			return fmt.Errorf("demo case %d: %w", n+1, err)
		}
	}
	return nil
}

func (s *Stack) seed(ctx context.Context, client identity.Principal, n int, c seedCase) error {
	name := map[string]any{"given": c.given, "family": c.family}
	externalID := fmt.Sprintf("demo-%02d", n+1)
	record, err := s.Core.Cases.Start(ctx, client, cases.StartCommand{
		Workflow: "kyc", ExternalID: externalID,
		Subject: cases.SubjectInput{Type: "individual", ExternalID: externalID, Data: map[string]any{"name": name}},
		Context: map[string]any{"applicant": map[string]any{"name": name, "date_of_birth": c.born, "country": c.country, "email": externalID + "@example.com"}},
	})
	if err != nil {
		return err
	}
	if c.upload {
		if err := s.seedPassport(ctx, client, record.ID, n, c); err != nil {
			return err
		}
	}
	if !c.submit {
		return nil
	}
	if _, err := s.Core.Cases.Send(ctx, client, record.ID, cases.SendCommand{Type: "SUBMIT"}); err != nil {
		return err
	}
	if c.note != "" {
		if _, err := s.Core.Cases.AddNote(ctx, reviewer(), record.ID, "", c.note); err != nil {
			return err
		}
	}
	return s.seedDecision(ctx, record.ID, c)
}

// reviewer is the first demo reviewer.
func reviewer() identity.Principal {
	return identity.Principal{Tenant: demoTenant, Kind: identity.User, ID: "user_reviewer2", Roles: []string{"reviewer"}}
}

func (s *Stack) seedPassport(ctx context.Context, client identity.Principal, id string, n int, c seedCase) error {
	born, err := time.Parse(time.DateOnly, c.born)
	if err != nil {
		return err
	}
	person := specimen.Person{
		Family: c.family, Given: c.given, Nationality: "UTO", Number: fmt.Sprintf("U%07d", 1000001+7919*n), Sex: []string{"F", "M"}[n%2],
		Born: born, Expires: time.Date(c.expires, time.Month(1+n%12), 15, 0, 0, 0, 0, time.UTC),
	}
	file, err := person.Passport()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(file)
	_, upload, err := s.Core.Cases.AnnounceDocument(ctx, client, id, cases.AnnounceCommand{
		Kind: "passport", ContentType: "image/png", Size: int64(len(file)), SHA256: hex.EncodeToString(sum[:]), Properties: map[string]any{"mrz": person.Zone()},
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, upload.Method, upload.URL, bytes.NewReader(file))
	if err != nil {
		return err
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("upload: status %d", response.StatusCode)
	}
	return nil
}

// seedDecision waits until the case is in review and decides it there.
func (s *Stack) seedDecision(ctx context.Context, id string, c seedCase) error {
	if c.decide == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		record, err := s.Core.Cases.Get(ctx, reviewer(), id)
		if err != nil {
			return err
		}
		if inReview(record) {
			_, err = s.Core.Cases.Decide(ctx, reviewer(), id, record.Version, cases.DecideCommand{Event: c.decide, Reason: "demo", Comment: "Decided when the demo was set up."})
			if problem.CodeOf(err) != problem.Stale {
				return err
			}
		}
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func inReview(record cases.Record) bool {
	for _, tag := range record.Tags {
		if tag == "manual_review" {
			return true
		}
	}
	return false
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
