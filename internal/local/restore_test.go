package local_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"ballerine/internal/cases"
	"ballerine/internal/local"
	"ballerine/internal/problem"
	"ballerine/internal/store/dynamo"
	"ballerine/internal/store/dynamo/dynamolocal"
)

// TestRestoredTablesAndObjectsGoOnFromTheirTime is the drill of docs/runbooks/restore.md: tables and objects as they were at one
// time, while cases were under way, attached to a system that has none of their executions. The former system went on after that time.
func TestRestoredTablesAndObjectsGoOnFromTheirTime(t *testing.T) {
	endpoint, data := dynamolocal.Endpoint(t), t.TempDir()
	options := local.Options{Data: data, DynamoDB: endpoint, Definitions: definitions(t, owned, person, sideBySide)}
	former := run(t, options)
	applicant := owners(1)["owners"].([]any)[0]
	var all []cases.Record
	for n := range 8 {
		r := former.begun("side-by-side", "individual", map[string]any{"applicant": applicant})
		if n%2 == 0 {
			former.sent(r.ID, "READY")
		}
		all = append(all, r)
	}
	all = append(all, former.begun("owned", "business", owners(3)))
	document := former.uploaded()
	former.reach(all[0].ID, "decide")
	former.sent(all[0].ID, "approve")
	former.reach(all[0].ID, "approved")
	all = append(all, former.begun("owned", "business", owners(3))) // the others have hardly begun
	former.stop()

	elsewhere := t.TempDir()
	restored := copyTables(t, endpoint, data, elsewhere)
	before := past{entries: map[string][]cases.Entry{}}
	for _, r := range all {
		entries, err := restored.Cases().History(t.Context(), r.Tenant, r.ID, 0, 200)
		if err != nil {
			t.Fatal(err)
		}
		before.entries[r.ID] = entries
	}
	former = run(t, options)
	before.later = former.begun("side-by-side", "individual", nil).ID
	former.stop()

	s := run(t, local.Options{Data: elsewhere, DynamoDB: endpoint, Definitions: options.Definitions, Now: func() time.Time { return time.Now().Add(10 * time.Minute) }})
	defer s.stop()
	for _, r := range all {
		s.driven(r.ID)
		if ended, err := s.Core.Cases.Get(t.Context(), s.client, r.ID); err != nil || ended.Outcome != "approved" {
			t.Errorf("%s has the outcome %q, %v", r.ID, ended.Outcome, err)
		} else {
			s.ended(ended)
		}
		after := s.history(r.ID)
		if diff := cmp.Diff(before.entries[r.ID], after[:min(len(after), len(before.entries[r.ID]))]); diff != "" {
			t.Errorf("%s has another history (-before +after):\n%s", r.ID, diff)
		}
		if n := ends(after); n != 1 {
			t.Errorf("%s ended %d times", r.ID, n)
		}
	}
	if kept, err := s.Core.Cases.Get(t.Context(), s.client, document.ID); err != nil || kept.Documents[0].Status != cases.DocumentReceived {
		t.Errorf("the document: %+v, %v", kept.Documents, err)
	} else if _, err := s.Core.Objects.Head(t.Context(), kept.Documents[0].Key); err != nil {
		t.Errorf("the record names a key without bytes: %v", err)
	}
	if _, err := s.Core.Cases.Get(t.Context(), s.client, before.later); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("a case that was started later is there: %v", err)
	}
	page, err := s.Core.Cases.List(t.Context(), s.client, cases.Query{Order: cases.OldestFirst, Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Records {
		known := slices.ContainsFunc(all, func(one cases.Record) bool { return one.ID == r.ID || r.Parent != nil && one.ID == r.Parent.Case })
		if !known && r.ID != document.ID {
			t.Errorf("%s of the workflow %s comes from nowhere", r.ID, r.Workflow.ID)
		}
	}
	s.until("nothing is left to be delivered", func() bool {
		left, err := s.Core.Store.Undelivered(t.Context(), time.Now().Add(time.Hour), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(left) == 0
	})
}

// past is what the former system knew at the time, and a case that it started later.
type past struct {
	entries map[string][]cases.Entry
	later   string
}

// begun starts a case, again until the tables have answered: they are slow on a busy machine.
func (s *system) begun(workflow, subject string, data map[string]any) (r cases.Record) {
	s.t.Helper()
	id := s.Core.NewID("case")
	s.until("a case begins", func() bool {
		_, err := s.Core.Cases.Start(s.t.Context(), s.client, cases.StartCommand{ID: id, Workflow: workflow, Subject: cases.SubjectInput{Type: subject}, Context: data})
		if err != nil && problem.CodeOf(err) == problem.Invalid {
			s.t.Fatal(err)
		}
		r, err = s.Core.Cases.Get(s.t.Context(), s.client, id)
		return err == nil
	})
	return r
}

// sent sends an event, again until it was taken.
func (s *system) sent(id, event string) {
	s.t.Helper()
	s.until("the event is taken", func() bool {
		_, err := s.Core.Cases.Send(s.t.Context(), s.client, id, cases.SendCommand{Type: event, IdempotencyID: event})
		return err == nil
	})
}

func (s *system) history(id string) (found []cases.Entry) {
	s.t.Helper()
	found, err := s.Core.Cases.History(s.t.Context(), s.client, id, 0, 200)
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// ends is how often a case came to its end.
func ends(history []cases.Entry) (number int) {
	for _, entry := range history {
		if slices.Contains(entry.To, "approved") && !slices.Contains(entry.From, "approved") {
			number++
		}
	}
	return number
}

// driven sends what a case waits for until it has ended. An event that came too late or too early is sent again.
func (s *system) driven(id string) {
	s.t.Helper()
	events := map[string]string{"checks.person.wait": "READY", "decide": "approve", "review": "approve"}
	s.until(id+" ends", func() bool {
		w, err := s.Core.Cases.Whereabouts(s.t.Context(), s.client, id)
		if err != nil {
			return false
		}
		for _, state := range w.Configuration {
			if event := events[state]; event != "" {
				_, _ = s.Core.Cases.Send(s.t.Context(), s.client, id, cases.SendCommand{Type: event})
			}
		}
		for _, child := range s.childrenOf(id) {
			if child.Status == cases.StatusActive && child.Snapshot.Active[0].State == "review" {
				_, _ = s.Core.Cases.Send(s.t.Context(), s.client, child.ID, cases.SendCommand{Type: "approve"})
			}
		}
		return w.Status != cases.StatusActive
	})
}

// uploaded is a case with a document that has been received.
func (s *system) uploaded() cases.Record {
	s.t.Helper()
	r := s.begun("kyc", "individual", nil)
	_, upload, err := s.Core.Cases.AnnounceDocument(s.t.Context(), s.client, r.ID, cases.AnnounceCommand{
		Kind: "passport", ContentType: "image/png", Size: 3, SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	})
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), upload.Method, upload.URL, strings.NewReader("abc"))
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("%v %v", response, err)
	}
	response.Body.Close()
	s.until("the upload is noted", func() bool {
		now, err := s.Core.Cases.Get(s.t.Context(), s.client, r.ID)
		return err == nil && now.Documents[0].Status == cases.DocumentReceived
	})
	return r
}

// copyTables copies the objects of a data folder, and what its tables hold into tables of another name; the file with the
// executions stays behind.
func copyTables(t *testing.T, endpoint, from, to string) *dynamo.Store {
	t.Helper()
	if err := os.CopyFS(filepath.Join(to, "objects"), os.DirFS(filepath.Join(from, "objects"))); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(from, "secrets.json"))
	if err != nil {
		t.Fatal(err)
	}
	var secrets map[string]any
	if err := json.Unmarshal(text, &secrets); err != nil {
		t.Fatal(err)
	}
	source := database(endpoint, secrets["access_key"].(string))
	secrets["access_key"] = secrets["access_key"].(string) + "2" // which names the database
	target := database(endpoint, secrets["access_key"].(string))
	text, err = json.Marshal(secrets)
	if err == nil {
		err = os.WriteFile(filepath.Join(to, "secrets.json"), text, 0o600)
	}
	tables := dynamo.Tables{Cases: "cases", Subjects: "subjects", Registry: "registry", Deliveries: "deliveries", Idempotency: "idempotency"}
	if err != nil || dynamo.CreateTables(t.Context(), target, tables) != nil {
		t.Fatal("the target could not be made", err)
	}
	for _, table := range []string{tables.Cases, tables.Subjects, tables.Registry, tables.Deliveries, tables.Idempotency} {
		pages := dynamodb.NewScanPaginator(source, &dynamodb.ScanInput{TableName: aws.String(table), ConsistentRead: aws.Bool(true)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				if _, err := target.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: maps.Clone(item)}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return dynamo.New(target, tables)
}

func database(endpoint, accessKey string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider(accessKey, "local", "")})
}
