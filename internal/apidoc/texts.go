package apidoc

const introduction = `Decisions about the risk of people and businesses.

A **case** follows a **workflow**: it collects data and documents, runs checks, evaluates policies, waits for decisions of people, and ends with an outcome.
Clients start cases and send events with an API key; applicants complete their case with a flow token; users of the back office sign in.

**Errors** are problem details (RFC 9457). Rely on ` + "`code`" + `, which is stable; ` + "`errors`" + ` lists every invalid location, never its value.
Each operation lists the codes that it returns.

**Idempotency**: operations that create a resource require an ` + "`Idempotency-Key`" + `. A request that is repeated with the same key is processed once.

**Concurrency**: responses with a case have an ` + "`ETag`" + `; a decision sends it as ` + "`If-Match`" + ` and is refused with ` + "`stale`" + ` if the case has changed since.

**Lists** are paginated: send ` + "`next_cursor`" + ` as ` + "`cursor`" + ` of the next request, with the same filters; null marks the last page.`

type tag struct {
	name, description string
	paths             []string
}

// tags group operations by topic: the first one with a prefix of the path applies.
var tags = []tag{
	{"flow", "The applicant's flow, with a flow token: enter data, upload documents, submit", []string{"/v1/flow"}},
	{"decisions", "Synchronous decisions: workflows without waits, in one request", []string{"/v1/decisions"}},
	{"documents", "Announce, view and decide documents", []string{"/v1/cases/{id}/documents"}},
	{"incidents", "Failed work and failed deliveries", []string{"/v1/cases/{id}/incidents", "/v1/outbox"}},
	{"review", "Decide, assign, annotate and audit cases", []string{
		"/v1/cases/{id}/decisions", "/v1/cases/{id}/undo", "/v1/cases/{id}/cancellation", "/v1/cases/{id}/assignee", "/v1/cases/assignments", "/v1/cases/{id}/notes",
		"/v1/cases/{id}/history", "/v1/cases/{id}/tasks", "/v1/cases/{id}/verification", "/v1/cases/{id}/presence",
	}},
	{"cases", "Start cases, send events and data, search", []string{"/v1/cases"}},
	{"webhooks", "Subscriptions and deliveries", []string{"/v1/webhooks", "/v1/events"}},
	{"policies", "Publish, evaluate and explain policies; test drafts", []string{"/v1/policies"}},
	{"workflows", "Publish workflows and migrate running cases between versions", []string{"/v1/workflows"}},
	{"plugins", "Publish vendor plugins", []string{"/v1/plugins", "/v1/connectors"}},
	{"lists", "Block lists, allow lists and other lists that policies use", []string{"/v1/lists"}},
	{"screening", "Look for names on watch lists, and load these", []string{"/v1/screenings", "/v1/watchlists", "/v1/watchlist-uploads"}},
	{"publishing", "Proposals, settings and whole workspaces", []string{"/v1/proposals", "/v1/publishing-settings", "/v1/workspace"}},
	{"back office", "Queue, saved views, notifications, users and statistics", []string{"/v1/me", "/v1/users", "/v1/notifications", "/v1/queue", "/v1/views", "/v1/statistics"}},
	{"keys", "API keys", []string{"/v1/keys"}},
	{"callbacks", "Callbacks of vendors", []string{"/v1/hooks", "/v1/callbacks"}},
	{"system", "Health", []string{"/v1/health"}},
	{"events", "Events that webhooks deliver", nil},
}

// parameters describes parameters without a description of their own.
var parameters = map[string]string{
	"id": "The id of the resource", "document": "The document's id", "note": "The note's id", "incident": "The incident's id", "delivery": "The delivery's id", "workflow": "The workflow's id", "version": "The version's number",
	"run": "The run's id", "trial": "The trial's id", "decision": "The decision's id", "edition": "The edition's number", "list": "The list's name", "token": "The token that was issued to the vendor", "tenant": "The tenant whose vendor it is", "plugin": "The plugin's id",
	"Idempotency-Key": "A unique value of at most 200 characters, the same when the request is repeated", "limit": "The maximum number of items", "cursor": "next_cursor of the previous page",
	"state": "Only cases in this state", "tag": "Only cases in a state with this tag", "status": "Only cases with this status", "subject": "Only cases of this subject, by its id",
	"case": "Only of this case", "kind": "Only of this kind", "outcome": "Only with this outcome", "days": "The number of days, up to today", "from": "The version to compare with",
	"If-Match": "The ETag of the version that the change is based on", "If-None-Match": "The ETag of the cached version",
}

// texts are the descriptions of operations, beyond their summaries.
var texts = map[string]string{
	"startCase": "The subject is the person or business that the case is about; a subject is identified by its type and external id. `external_id` is the case's id in your system.",
	"decide":    "For workflows without waits. 200: the outcome. 202: the case continues asynchronously; `Location` is its address.",
	"listCases": "Filters combine. A page may have fewer cases than `limit`, or none, although more follow: continue until `next_cursor` is null.",
	"listEvents": "What webhooks carry, in order and for 30 days, whether or not there is a subscription: to catch up with what a receiver has missed. " +
		"The order is that in which events became final: a decision that can still be undone is not among them yet. The newest few seconds are left out, so that no event can come before one that was read already. " +
		"At the end, continue with `after`, the id of the last event, or with `created_after`, the `complete_until` of the answer.",
	"listRelatedCases":     "Other cases about the same subject, or with the same e-mail address, telephone number, document number, device or face, each with what they have in common. Schemas mark the fields that hold these with `identifies`. Cases that this one has started, or that have started it, are not among them.",
	"getCase":              "With `If-None-Match`: 304 if the case is unchanged.",
	"getPosition":          "Explains the position of a case: which events are possible, which guards prevent others, and whom the case waits for.",
	"sendEvent":            "`next` of the case lists the events that are possible. The response is the case after the event.",
	"saveContext":          "A JSON merge patch (RFC 7396): members are replaced, null removes. The result must conform to the schema of the workflow. Results of the workflow's work cannot be changed.",
	"decideCase":           "Requires `If-Match`. An API key decides only on behalf of a named person. With four eyes, the first decision waits for confirmation by a second person. A person who has started the case or changed its data cannot approve it (`four_eyes`).",
	"undoDecision":         "Only by the person who decided, until `undo.until` of the case.",
	"undoDocumentDecision": "Only by the person who decided, until `undo.until` of the document, and as long as the case has not moved since.",
	"cancelCase":           "Requires `If-Match`. The status of the case becomes `cancelled`; its child cases are cancelled, too.",
	"assignCase":           "`user: null` unassigns the case.",
	"assignCases":          "Each case has its own result: some may fail while others are assigned.",
	"listHistory":          "Every change of the case with actor, cause and details, chained by hashes; `verification` checks the chain.",
	"verifyCase":           "Recomputes the chain of hashes over the whole history and compares the record with its last entry.",
	"lookAtCase":           "Repeat the request while a user views the case; the presence expires automatically.",
	"editNote":             "Only by its author, within a minute; the history keeps each wording. People who are newly mentioned are notified.",
	"addNote":              "People who are mentioned must be allowed to read notes, and are notified.",
	"snoozeCase":           "The case is out of its queue until then (`snoozed=false` of the list), returns automatically, and the person who snoozed it is notified. Deadlines continue. The snooze ends when the case moves on.",
	"escalateCase":         "Those who have the permission `cases:approve` are notified. The escalation ends with the decision.",
	"endEscalation":        "By the person who escalated the case, or with the permission `cases:approve`.",
	"claimCase":            "While a case is claimed, decisions by others are refused (`claimed`). A claim ends 30 seconds after its holder has last reported viewing the case. `take_over` takes it from its holder, and is recorded in the history.",
	"listNotifications":    "At most 50, newest first; they expire after 30 days. Their number is in `GET /v1/queue`.",
	"announceDocument":     "Announce size, type and SHA-256, then upload the file to `upload.url` with exactly the method and headers of `upload`. The document is checked after the upload.",

	"getDocumentContent":    "302 to a link that is valid for five minutes. The view is recorded in the history.",
	"getDocumentLink":       "The same link in the body, for clients that do not follow redirects.",
	"getTaskExchange":       "Each request with its answer, or the callback that answered, unchanged except for secrets, which are replaced by their names. The view is recorded in the history. `404` if it was not stored: `call.exchange` of the attempt states that.",
	"decideDocument":        "Requires `If-Match` with the version of the case.",
	"createFlowToken":       "For the browser of the applicant: the token grants access to this case only, with the permissions of an applicant. It shows personal data, so it also requires `cases:personal`. When a person makes one, the history records it (`flow_token_created`), and what is written with it counts as supplied by that person.",
	"getFlowCase":           "Risk, reviewers and checks are not included.",
	"saveFlowContext":       "A JSON merge patch (RFC 7396) of the fields that the applicant may enter.",
	"sendFlowEvent":         "Only events that the workflow permits for applicants.",
	"getFlowState":          "The pages that are shown, in the requested language, with the values, and what is wrong or missing. The page to go to is `next`.",
	"saveFlowPage":          "Fields of the page only, and of these what is shown and can be changed. Everything that is wrong is reported at once, and nothing is saved then. Saving the same again changes nothing. With `partial`, answers may be missing.",
	"submitFlow":            "Sends the event of the page when nothing remains to be done on it and the pages before it; what remains is reported otherwise.",
	"announceFlowDocument":  "As for clients: announce, then upload the file to `upload.url`.",
	"retryIncident":         "`context` is merged before the retry, so that the cause of the failure can be corrected.",
	"skipIncident":          "The supplied result is used as the result of the work and marked as manual. It has to be one that the work could have returned: 422 names each place where it is not.",
	"listDeadLetters":       "Events, wake-ups and reports whose delivery attempts are used up.",
	"replayDeadLetters":     "Repeat the request while `more` is true.",
	"discardDeadLetters":    "Discarded effects are never delivered: subscribers do not receive the event.",
	"createWebhook":         "`events` are event types, `case.*` for a family or `*` for all; unknown types are refused. Test it with `POST /v1/webhooks/{id}/test`. Verify signatures according to Standard Webhooks.",
	"updateWebhook":         "`disabled: false` re-enables a subscription that was disabled because its receiver responded with 410.",
	"rotateWebhookSecret":   "Deliveries carry a signature for each valid secret, so that a receiver can switch without losing a delivery.",
	"listDeliveries":        "With the time, duration and status of every attempt.",
	"testWebhook":           "Sends an event of type `webhook.test`, independent of the subscribed types, signed like any other event.",
	"redeliver":             "Starts new attempts, the first one immediately; the response has its result.",
	"createKey":             "Without scopes, a key has the permissions of a client; with scopes, only those. Nobody can grant more permissions than they hold.",
	"rotateKey":             "The previous secret stays valid for a while, so that clients can switch.",
	"evaluatePolicy":        "Independent of a case. The decision is kept and can be replayed.",
	"backtestPolicy":        "Synchronous; start a run for many decisions.",
	"startBacktest":         "A run processes decisions asynchronously; poll it until it is done.",
	"createTrial":           "A shadow is evaluated beside the live version without effect; a challenger decides for a share of the subjects.",
	"replayPolicyDecision":  "Evaluates the same version with the same input, and returns whether the answers are identical and where they differ.",
	"getPolicyDecision":     "The input requires the permission `decisions:input`.",
	"putListEntries":        "As CSV or JSON: replaces the whole list with a new edition.",
	"changeList":            "Creates a new edition with the changes, unless nothing changes.",
	"forgetListEdition":     "Erases personal data; decisions that used the edition remain, but cannot be replayed.",
	"listWatchlists":        "Each with the edition that is searched, one that waits, and 20 former ones.",
	"releaseWatchlist":      "Not by the person who loaded it, nor by a key of theirs.",
	"rejectWatchlist":       "The current edition stays.",
	"rescreenWatchlist":     "Compares all kept subjects with the whole list; `rescreening` of the list shows the progress. New editions do the same with what they add and change.",
	"removeWatchlist":       "The first call requests the removal; the list is removed with all its editions when another person calls.",
	"retainWatchlist":       "The list stays as it is.",
	"publishWorkflow":       "As YAML or JSON text. All problems are reported with their lines. 202: a proposal was created, which another person must approve.",
	"publishPolicy":         "The test cases of the policy are run first; a failing one prevents publication. 202: a proposal was created.",
	"publishPlugin":         "202: a proposal was created, which another person must approve.",
	"importWorkspace":       "Atomic: all or nothing.",
	"migrateCases":          "With `dry_run` nothing is written; the response shows the result for each case.",
	"getConnectorHealth":    "Sums of the recorded calls. Each process suspends calls to a vendor on its own, so `left_alone` is not a state of the whole installation.",
	"receiveVendorCallback": "The vendor's own id in the callback identifies the case; the signature is verified as the plugin specifies. 409: the id is not known yet, and the vendor should send the callback again. 204: accepted, or about an unknown request.",
	"receiveCallback":       "The signature of the body is verified as the plugin specifies.",
	"getHealth":             "200 while the server is running.",
	"getQueue":              "The number of cases by filter.",
	"getStatistics":         "By day, in UTC.",
	"approveProposal":       "Not by the person who proposed it. It is validated again against the published versions.",
	"getPublishingSettings": "`review_required`: every publication needs the approval of a second person.",
}
