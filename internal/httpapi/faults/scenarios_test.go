package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/webhook"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// scenario is a call of an operation, and what it begins with.
type scenario struct {
	prepare func(s *site) request
	// again is how a call may be answered that has no Idempotency-Key and was done already.
	again string
	// differs is what a repeated call answers differently about itself: it has not created anything this time.
	differs *regexp.Regexp
	// unnamed states that nothing names the call: when the first one arrives after all, behind the second, both are in the history.
	unnamed bool
}

var (
	// createdOrNot is whether a call has created a version, or an edition, or how many it has settled.
	createdOrNot = regexp.MustCompile(`"(created|dry_run|added|replaced|missing|folded|changed|removed|updated|unchanged|settled)":[a-z0-9]+,?|"changes":\[[^\]]*\],?`)
	movedOrNot   = regexp.MustCompile(`"(moved|unchanged)"`)
	assignedOr   = regexp.MustCompile(`"status":"(assigned|unchanged)"`)
)

// nameless is a scenario whose calls nothing names.
func (c scenario) nameless() scenario {
	c.unnamed = true
	return c
}

// but is a scenario whose repeated calls may be answered with success a little differently.
func (c scenario) but(differs *regexp.Regexp) scenario {
	c.differs = differs
	return c
}

// just is a scenario that needs no preparation.
func just(who, method, path string, body any) scenario {
	return scenario{prepare: func(*site) request { return call(who, method, path, body) }}
}

// onCase is a scenario about a case.
func onCase(bring func(s *site), who, method, path string, body any) scenario {
	return scenario{prepare: func(s *site) request {
		s.started()
		bring(s)
		return call(who, method, s.filled(path), body)
	}}
}

// prepared is a scenario whose path and body name what the preparation has kept.
func prepared(bring func(s *site), who, method, path string, body any) scenario {
	return scenario{prepare: func(s *site) request {
		bring(s)
		r := call(who, method, s.filled(path), body)
		r.body = s.filled(r.body)
		return r
	}}
}

func (c scenario) or(code string) scenario {
	c.again = code
	return c
}

// seen is a scenario whose caller has seen a version.
func (c scenario) seen(version string) scenario {
	return scenario{again: c.again, differs: c.differs, prepare: func(s *site) request {
		r := c.prepare(s)
		r.header.Set("If-Match", strconv.Quote(s.filled(version)))
		return r
	}}
}

func call(who, method, path string, body any) request {
	r := request{who: who, method: method, path: path, header: http.Header{}}
	if text, ok := body.(string); ok {
		r.body = text
	} else if body != nil {
		r.body = written(body)
	}
	return r
}

type object = map[string]any

func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// filled puts what was kept into a text, for its names in braces.
func (s *site) filled(text string) string {
	for name, value := range s.vars {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func noFault(*site) {}

func (s *site) started() {
	s.make("case", client, "/v1/cases", `{"workflow":"small","version":1,"external_id":"x","subject":{"type":"individual","external_id":"s","name":"A"}}`)
	s.vars["version"] = "1"
}

func (s *site) submitted() {
	s.ok(client, "POST", s.filled("/v1/cases/{case}/events"), `{"type":"SUBMIT"}`)
	s.version()
}

func (s *site) record() cases.Record {
	s.t.Helper()
	record, err := s.db.Cases().Get(context.Background(), s.tenant, s.vars["case"])
	s.must(err)
	return record
}

func (s *site) version() { s.vars["version"] = strconv.Itoa(s.record().Version) }

func (s *site) branch() cases.Branch { return cases.Branch{Tenant: s.tenant, Case: s.vars["case"]} }

func (s *site) job() cases.Job {
	s.t.Helper()
	job, _, _, err := s.core.Cases.BeginWork(context.Background(), s.branch(), "check", "answer")
	s.must(err)
	return job
}

func (s *site) finished(outcome cases.Outcome) {
	s.t.Helper()
	job := s.job()
	outcome.Run = cases.TaskRun{ID: "task_0", State: job.State, Visit: job.Visit, Work: job.Invocation.ID, Attempt: 1, Outcome: "done", StartedAt: s.now()}
	_, err := s.core.Cases.FinishWork(context.Background(), job, outcome)
	s.must(err)
	s.version()
}

func (s *site) inReview() { s.submitted(); s.finished(cases.Outcome{Payload: object{"said": "so"}}) }

func (s *site) decided() {
	s.inReview()
	s.ok(ada, "POST", s.filled("/v1/cases/{case}/decisions"), `{"event":"approve","reason":"checked","comment":"c","undo_seconds":30}`, "If-Match", s.filled(`"{version}"`))
	s.version()
}

func (s *site) documentDecided() {
	s.uploaded()
	s.ok(ada, "POST", s.filled("/v1/cases/{case}/documents/{document}/decision"), `{"decision":"approved","undo_seconds":30}`, "If-Match", s.filled(`"{version}"`))
	s.version()
}

func (s *site) failed() {
	s.submitted()
	job := s.job()
	_, err := s.core.Cases.FailWork(context.Background(), s.branch(), "check", "answer", job.Visit, cases.Failure{Error: "vendor_unavailable", Cause: "away"})
	s.must(err)
	s.vars["incident"] = s.record().Incidents[0].ID
	s.version()
}

// uploaded brings a document.
func (s *site) uploaded() {
	doc, _ := s.ok(client, "POST", s.filled("/v1/cases/{case}/documents"), passport)["document"].(object)
	s.vars["document"] = fmt.Sprint(doc["id"])
	_, err := s.core.Cases.DocumentArrived(context.Background(), s.tenant, s.vars["case"], s.vars["document"])
	s.must(err)
	s.version()
}

// asked adds an attempt at a vendor, with what was sent and answered.
func (s *site) asked() {
	s.vars["task"] = "task_1"
	kept := s.core.Cases.KeepExchange(context.Background(), s.tenant, s.vars["case"], "task_1", []byte(exchanged))
	s.must(s.db.Cases().PutTaskRun(context.Background(), s.tenant, s.vars["case"], cases.TaskRun{ID: "task_1", Source: "vendor", Name: "oracle", StartedAt: s.now(), Call: &cases.Call{Exchange: kept}}))
}

var passport = `{"kind":"passport","content_type":"image/png","size":10,"sha256":"` + strings.Repeat("0", 64) + `"}`

// buried lets an effect of the case be a dead letter.
func (s *site) buried() {
	s.must(s.core.Cases.BuryEffect(context.Background(), cases.Effect{
		Tenant: s.tenant, Case: s.vars["case"], Version: 1, Number: 0, Kind: cases.EffectStart, At: s.record().CreatedAt, Delivery: cases.Delivery{Attempts: 20, Error: "timeout", DeadAt: s.now()},
	}))
	s.lost()
}

func (s *site) subscribed() {
	s.make("webhook", client, "/v1/webhooks", written(object{"url": s.receiver + s.tenant, "events": []string{"case.*"}}))
}

// lost lets two deliveries to a subscription be dead letters.
func (s *site) lost() {
	s.subscribed()
	for n := range 2 {
		s.pass(time.Second)
		event := webhook.Event{ID: fmt.Sprint("evt_", n), Tenant: s.tenant, Type: "case.completed", Subject: "case_other", Time: s.now()}
		made, err := s.core.WebhookService().Create(context.Background(), event)
		s.must(err)
		d := made[0]
		s.vars["delivery"] = d.ID
		d.Status, d.NextAt, d.Revision = webhook.Failed, time.Time{}, 2
		d.Attempts = []webhook.Attempt{{At: s.now(), Status: 500, Error: "status"}}
		s.must(s.db.Webhooks().UpdateDelivery(context.Background(), d))
	}
}

// called is what a vendor calls back with, once its answer is waited for.
func called(s *site) request {
	s.started()
	s.submitted()
	visit := s.job().Visit
	s.finished(cases.Outcome{Awaiting: true})
	token, err := s.core.Tokens.Callback(identity.Callback{Tenant: s.tenant, Case: s.vars["case"], State: "check", Visit: visit, Work: "answer", Plugin: "oracle"}, s.now().Add(time.Hour))
	s.must(err)
	return s.signed(call(nobody, "POST", "/v1/hooks/"+token, `{"said":"yes"}`))
}

// calledByID is what a vendor calls back with that has one address for all cases.
func calledByID(s *site) request {
	s.started()
	s.submitted()
	s.finished(cases.Outcome{Awaiting: true, VendorID: &cases.VendorID{Plugin: "desk", ID: "session-1"}})
	path := strings.TrimPrefix(s.core.Addresses.Of(s.tenant, "desk"), s.core.PublicURL)
	return s.signed(call(nobody, "POST", path, `{"id":"session-1","said":"yes"}`))
}

// signed is a request as the vendor signs it.
func (s *site) signed(r request) request {
	value, err := secrets{}.Secret(context.Background(), "", "")
	s.must(err)
	signer, err := standardwebhooks.NewWebhook(value)
	s.must(err)
	signature, err := signer.Sign("msg_1", s.now(), []byte(r.body))
	s.must(err)
	r.header.Set("Webhook-Id", "msg_1")
	r.header.Set("Webhook-Timestamp", strconv.FormatInt(s.now().Unix(), 10))
	r.header.Set("Webhook-Signature", signature)
	return r
}

func (s *site) keyed() {
	made := s.ok(ada, "POST", "/v1/keys", `{"name":"one","scopes":["cases:read"]}`)
	s.vars["key"], s.vars["secret"] = fmt.Sprint(made["id"]), fmt.Sprint(made["secret"])
}

func (s *site) noted() {
	s.make("note", ada, s.filled("/v1/cases/{case}/notes"), `{"text":"a note"}`)
}

// tomorrow is a day after what the scenarios do.
func tomorrow() string { return "2026-03-05T12:00:00Z" }

func (s *site) snoozed() {
	s.inReview()
	s.ok(ada, "PUT", s.filled("/v1/cases/{case}/snooze"), written(object{"until": tomorrow()}))
}

func (s *site) escalated() {
	s.inReview()
	s.ok(ada, "PUT", s.filled("/v1/cases/{case}/escalation"), `{"reason":"unclear"}`)
}

func (s *site) claimed() {
	s.inReview()
	s.ok(ada, "PUT", s.filled("/v1/cases/{case}/claim"), `{}`)
}

// notified adds a notification for bob.
func (s *site) notified() {
	s.inReview()
	s.ok(ada, "PUT", s.filled("/v1/cases/{case}/assignee"), `{"user":"bob"}`)
}

func (s *site) viewed() {
	s.make("view", ada, "/v1/views", `{"name":"Mine","query":{"status":"active"}}`)
}

func (s *site) listed() {
	s.ok(ada, "PUT", "/v1/lists/bad", `{"title":"Bad","type":"block"}`)
	s.ok(ada, "PUT", "/v1/lists/bad/entries", `{"entries":[{"value":"a"},{"value":"b"}]}`, "If-Match", "*")
}

func (s *site) changed() {
	s.listed()
	s.ok(ada, "POST", "/v1/lists/bad/changes", `{"add":[{"value":"c"}]}`)
}

// settled keeps which version of the settings there is.
func (s *site) settled() {
	s.vars["settings"] = fmt.Sprint(s.ok(ada, "GET", "/v1/publishing-settings", "")["version"])
}

// fourEyes turns them on.
func (s *site) fourEyes() {
	s.settled()
	s.ok(ada, "PUT", "/v1/publishing-settings", `{"four_eyes":true}`, "If-Match", s.filled(`"{settings}"`))
	s.settled()
}

// republished brings a second version of the workflow.
func (s *site) republished() {
	s.started()
	s.ok(ada, "POST", "/v1/workflows/small/versions", written(object{"source": workflow}))
}

// imported is what another tenant has exported.
func imported(s *site) request {
	here := s.tenant
	s.tenant += "-other"
	s.ok(ada, "POST", "/v1/policies/plain/versions", written(object{"source": edited}))
	s.ok(ada, "POST", "/v1/workflows/small/versions", written(object{"source": workflow}))
	workspace := s.ok(ada, "GET", "/v1/workspace", "")
	s.tenant = here
	return call(ada, "POST", "/v1/workspace/imports", object{"workspace": workspace})
}

// proposed is a policy that somebody has proposed.
func (s *site) proposed() {
	s.fourEyes()
	s.make("proposal", ada, "/v1/policies/plain/versions", written(object{"source": edited}))
}

var (
	edited   = strings.NewReplacer("version: 1\n", "", "< 10", "< 20").Replace(policyText)
	drafted  = strings.NewReplacer("version: 1\n", "", "< 10", "< 30").Replace(policyText)
	workflow = strings.NewReplacer("version: 1\n", "", "title: Small", "title: Another").Replace(smallText)
	plugin   = strings.Replace(strings.TrimSpace(string(definitions["plugins/oracle.yaml"].Data)), "title: Oracle", "title: Another", 1)
)

// tried is a challenger that nobody has approved yet, or that runs.
func (s *site) tried(approved bool) {
	if approved {
		s.make("trial", ada, "/v1/policies/plain/trials", written(object{"kind": "shadow", "source": drafted}))
		return
	}
	s.fourEyes()
	s.make("trial", ada, "/v1/policies/plain/trials", written(object{"kind": "challenger", "share": 0.5, "source": drafted}))
}

func (s *site) backtested() {
	s.make("run", ada, "/v1/policies/plain/backtest-runs", written(object{"source": drafted}))
}

// scenarios by operation; what follows a slash distinguishes two of one operation.
var scenarios = map[string]scenario{
	"startCase":                     just(client, "POST", "/v1/cases", `{"workflow":"small","version":1,"external_id":"x","subject":{"type":"individual","external_id":"s","name":"A"},"context":{"a":1}}`),
	"decide":                        just(client, "POST", "/v1/decisions/score", `{"context":{"amount":5}}`),
	"sendEvent":                     onCase(noFault, client, "POST", "/v1/cases/{case}/events", `{"type":"SUBMIT"}`),
	"sendEvent/that is for anybody": onCase(noFault, client, "POST", "/v1/cases/{case}/events", `{"type":"DEEP_MERGE_CONTEXT","payload":{"newContext":{"a":1}}}`),
	"sendFlowEvent":                 onCase(noFault, applicant, "POST", "/v1/flow/events", `{"type":"SUBMIT"}`),
	"submitFlow":                    onCase(noFault, applicant, "POST", "/v1/flow/submit", `{}`),
	"saveFlowPage":                  onCase(noFault, applicant, "PUT", "/v1/flow/pages/about", `{"values":{"a":1}}`).nameless(),
	"saveContext":                   onCase(noFault, client, "PATCH", "/v1/cases/{case}/context", `{"a":1}`).nameless(),
	"saveFlowContext":               onCase(noFault, applicant, "PATCH", "/v1/flow/context", `{"a":1}`).nameless(),
	"announceDocument":              onCase(noFault, client, "POST", "/v1/cases/{case}/documents", passport),
	"announceFlowDocument":          onCase(noFault, applicant, "POST", "/v1/flow/documents", passport),
	"getDocumentContent":            onCase((*site).uploaded, ada, "GET", "/v1/cases/{case}/documents/{document}/content", nil).nameless(),
	"getDocumentLink":               onCase((*site).uploaded, ada, "GET", "/v1/cases/{case}/documents/{document}/link", nil).nameless(),
	"getTaskExchange":               onCase((*site).asked, ada, "GET", "/v1/cases/{case}/tasks/{task}/exchange", nil).nameless(),
	"decideDocument":                onCase((*site).uploaded, ada, "POST", "/v1/cases/{case}/documents/{document}/decision", `{"decision":"approved"}`).seen("{version}").or("stale"),
	"undoDocumentDecision":          onCase((*site).documentDecided, ada, "POST", "/v1/cases/{case}/documents/{document}/undo", nil).seen("{version}").or("stale"),
	"addNote":                       onCase(noFault, ada, "POST", "/v1/cases/{case}/notes", `{"text":"a note"}`),
	"decideCase":                    onCase((*site).inReview, ada, "POST", "/v1/cases/{case}/decisions", `{"event":"approve","reason":"checked","comment":"c"}`).seen("{version}").or("stale"),
	"undoDecision":                  onCase((*site).decided, ada, "POST", "/v1/cases/{case}/undo", nil).seen("{version}").or("stale"),
	"cancelCase":                    onCase(noFault, ada, "POST", "/v1/cases/{case}/cancellation", `{"reason":"r"}`).seen("{version}").or("stale"),
	"assignCase":                    onCase((*site).inReview, ada, "PUT", "/v1/cases/{case}/assignee", `{"user":"bob"}`),
	"assignCases":                   prepared(func(s *site) { s.started(); s.inReview() }, ada, "POST", "/v1/cases/assignments", `{"user":"bob","cases":[{"id":"{case}"}]}`).but(assignedOr),
	"retryIncident":                 onCase((*site).failed, ada, "POST", "/v1/cases/{case}/incidents/{incident}/retry", `{"context":{"a":1}}`).or("not_found"),
	"skipIncident":                  onCase((*site).failed, ada, "POST", "/v1/cases/{case}/incidents/{incident}/skip", `{"result":{"said":"no"}}`).or("not_found"),
	"editNote":                      onCase((*site).noted, ada, "PUT", "/v1/cases/{case}/notes/{note}", `{"text":"another"}`),
	"snoozeCase":                    onCase((*site).inReview, ada, "PUT", "/v1/cases/{case}/snooze", object{"until": tomorrow()}),
	"endSnooze":                     onCase((*site).snoozed, ada, "DELETE", "/v1/cases/{case}/snooze", nil),
	"escalateCase":                  onCase((*site).inReview, ada, "PUT", "/v1/cases/{case}/escalation", `{"reason":"unclear"}`),
	"endEscalation":                 onCase((*site).escalated, ada, "DELETE", "/v1/cases/{case}/escalation", nil),
	"claimCase":                     onCase((*site).inReview, ada, "PUT", "/v1/cases/{case}/claim", `{}`),
	"releaseCase":                   onCase((*site).claimed, ada, "DELETE", "/v1/cases/{case}/claim", nil),
	"markNotificationsRead":         onCase((*site).notified, bob, "PUT", "/v1/notifications/read", object{"until": tomorrow()}),
	"lookAtCase":                    onCase(noFault, ada, "PUT", "/v1/cases/{case}/presence", `{"editing":true}`),
	"leaveCase":                     onCase(func(s *site) { s.ok(ada, "PUT", s.filled("/v1/cases/{case}/presence"), `{"editing":true}`) }, ada, "DELETE", "/v1/cases/{case}/presence", nil),
	"createFlowToken":               onCase(noFault, client, "POST", "/v1/cases/{case}/flow-tokens", `{}`),
	"migrateCases":                  prepared((*site).republished, ada, "POST", "/v1/workflows/small/migrations", `{"from":1,"to":2,"cases":["{case}"]}`).but(movedOrNot),
	"receiveCallback":               {prepare: called, unnamed: true},
	"receiveVendorCallback":         {prepare: calledByID, unnamed: true},
	"replayDeadLetters":             onCase((*site).buried, ada, "POST", "/v1/outbox/dead-letters/replay", `{}`).but(createdOrNot),
	"replayDeadLetters/one":         prepared((*site).lost, ada, "POST", "/v1/outbox/dead-letters/replay", `{"effect":"{delivery}"}`),
	"discardDeadLetters":            onCase((*site).buried, ada, "POST", "/v1/outbox/dead-letters/discard", `{"reason":"r"}`).but(createdOrNot),
	"discardDeadLetters/one":        prepared((*site).lost, ada, "POST", "/v1/outbox/dead-letters/discard", `{"reason":"r","effect":"{delivery}"}`),

	"createKey": just(ada, "POST", "/v1/keys", `{"name":"two","scopes":["cases:read"]}`),
	"rotateKey": prepared((*site).keyed, ada, "POST", "/v1/keys/{key}/rotate", nil),
	"revokeKey": prepared((*site).keyed, ada, "DELETE", "/v1/keys/{key}", nil),

	"createView": just(ada, "POST", "/v1/views", `{"name":"Mine","query":{"status":"active"}}`),
	"updateView": prepared((*site).viewed, ada, "PUT", "/v1/views/{view}", `{"name":"Ours","shared":true,"query":{"status":"active"}}`).seen("1").or("stale"),
	"deleteView": prepared((*site).viewed, ada, "DELETE", "/v1/views/{view}", nil).or("not_found"),

	"createWebhook": {prepare: func(s *site) request {
		return call(client, "POST", "/v1/webhooks", object{"url": s.receiver + s.tenant, "events": []string{"*"}})
	}},
	"updateWebhook":       prepared((*site).subscribed, client, "PATCH", "/v1/webhooks/{webhook}", `{"disabled":true}`),
	"deleteWebhook":       prepared((*site).subscribed, client, "DELETE", "/v1/webhooks/{webhook}", nil).or("not_found"),
	"rotateWebhookSecret": prepared((*site).subscribed, client, "POST", "/v1/webhooks/{webhook}/rotate-secret", nil),
	"testWebhook":         prepared((*site).subscribed, client, "POST", "/v1/webhooks/{webhook}/test", nil),
	"redeliver":           prepared((*site).lost, client, "POST", "/v1/webhooks/{webhook}/deliveries/{delivery}/redeliver", nil),

	"publishWorkflow":                   just(ada, "POST", "/v1/workflows/small/versions", object{"source": workflow}).but(createdOrNot),
	"publishPolicy":                     just(ada, "POST", "/v1/policies/plain/versions", object{"source": edited}).but(createdOrNot),
	"publishPlugin":                     just(ada, "POST", "/v1/plugins/oracle/versions", object{"source": plugin}).but(createdOrNot),
	"publishPolicy/as a proposal":       prepared((*site).fourEyes, ada, "POST", "/v1/policies/plain/versions", object{"source": edited}),
	"copyWorkflow":                      just(ada, "POST", "/v1/workflows/small/copy", `{"id":"copied"}`).but(createdOrNot),
	"importWorkspace":                   {prepare: imported, differs: createdOrNot},
	"updatePublishingSettings":          prepared((*site).settled, ada, "PUT", "/v1/publishing-settings", `{"four_eyes":true,"comment":"c"}`).seen("{settings}"),
	"updatePublishingSettings/proposed": prepared((*site).fourEyes, ada, "PUT", "/v1/publishing-settings", `{"four_eyes":false,"comment":"c"}`).seen("{settings}"),
	"approveProposal":                   prepared((*site).proposed, bob, "POST", "/v1/proposals/{proposal}/approval", `{"comment":"c"}`),
	"rejectProposal":                    prepared((*site).proposed, bob, "POST", "/v1/proposals/{proposal}/rejection", `{"reason":"r"}`),
	"withdrawProposal":                  prepared((*site).proposed, ada, "POST", "/v1/proposals/{proposal}/withdrawal", nil),

	"createTrial":    just(ada, "POST", "/v1/policies/plain/trials", object{"kind": "shadow", "source": drafted}),
	"endTrial":       prepared(func(s *site) { s.tried(true) }, ada, "POST", "/v1/policies/plain/trials/{trial}/end", nil),
	"approveTrial":   prepared(func(s *site) { s.tried(false) }, bob, "POST", "/v1/policies/plain/trials/{trial}/approval", nil),
	"startBacktest":  just(ada, "POST", "/v1/policies/plain/backtest-runs", object{"source": drafted}),
	"cancelBacktest": prepared((*site).backtested, ada, "POST", "/v1/policies/plain/backtest-runs/{run}/cancellation", nil),
	"evaluatePolicy": just(client, "POST", "/v1/policies/plain/evaluate", `{"input":{"amount":5}}`),

	"putList":           just(ada, "PUT", "/v1/lists/bad", `{"title":"Bad","type":"block"}`).but(createdOrNot),
	"putList/again":     prepared((*site).listed, ada, "PUT", "/v1/lists/bad", `{"title":"Worse","type":"block"}`).seen("1"),
	"putListEntries":    prepared((*site).listed, ada, "PUT", "/v1/lists/bad/entries", `{"entries":[{"value":"z"}]}`).seen("1").or("stale").but(createdOrNot),
	"changeList":        prepared((*site).listed, ada, "POST", "/v1/lists/bad/changes", `{"add":[{"value":"c"}],"remove":["a"]}`).but(createdOrNot),
	"forgetListEdition": prepared((*site).changed, ada, "DELETE", "/v1/lists/bad/editions/1", nil),
	"deleteList":        prepared((*site).changed, ada, "DELETE", "/v1/lists/bad", nil).seen("2").or("not_found"),
	"getMe":             {prepare: func(*site) request { return call("new", "GET", "/v1/me", nil) }},
}

// reading are the operations that write nothing.
var reading = []string{
	"getHealth", "listCases", "listEvents", "getCase", "getPosition", "listIncidents", "listNotes", "listHistory", "listRelatedCases", "listTasks", "verifyCase", "listDocuments", "listUsers", "getQueue",
	"getStatistics", "listWorkflows", "getWorkflow", "listKeys", "getFlowCase", "getFlowState", "listFlowDocuments", "listDeadLetters", "listWorkflowVersions", "listPolicyVersions",
	"listPluginVersions", "getWorkflowVersion", "getPolicyVersion", "getPluginVersion", "listPolicies", "listPlugins", "getConnectorHealth", "diffWorkflow", "exportWorkspace",
	"getPublishingSettings", "listNotifications", "listProposals", "getProposal", "listViews", "listWebhooks", "getWebhook", "listDeliveries", "backtestPolicy", "listBacktests", "getBacktest",
	"listTrials", "getTrial", "reportTrial", "listPolicyDecisions", "getPolicyDecision", "replayPolicyDecision", "listLists", "getList", "listListEditions", "getListEntries",
}
