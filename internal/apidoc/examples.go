package apidoc

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// answersJSON has an answer for each of the operations that a client's system uses most, by operation. They were recorded from a
// running system, and shortened.
//
//go:embed answers.json
var answersJSON []byte

// exemplify adds the examples of bodies to operations.
func exemplify(operations []*huma.Operation) error {
	var answers map[string]any
	if err := json.Unmarshal(answersJSON, &answers); err != nil {
		return fmt.Errorf("read the examples of answers: %w", err)
	}
	for _, op := range operations {
		if example, ok := bodies[op.OperationID]; ok && op.RequestBody != nil {
			setExample(op.RequestBody.Content, example)
		}
		if example, ok := answers[op.OperationID]; ok {
			setExample(op.Responses[succeeds(op)].Content, example)
		}
	}
	return nil
}

// succeeds is the status with which an operation answers at first when it succeeds.
func succeeds(op *huma.Operation) string {
	var found []string
	for status := range op.Responses {
		if strings.HasPrefix(status, "2") {
			found = append(found, status)
		}
	}
	return slices.Min(found)
}

func setExample(content map[string]*huma.MediaType, example any) {
	for kind, media := range content {
		if strings.HasSuffix(kind, "json") {
			media.Example = example
		}
	}
}

const (
	exampleWorkflow = "id: small\ninitial: review\nstates:\n  review: {tags: [manual_review], on: {approve: approved, reject: rejected}}\n  approved: {type: final}\n  rejected: {type: final}\n"
	examplePolicy   = "id: limit\noutcomes: [review, approve]\ndefault: approve\nrules:\n  - {id: much, when: \"amount > 1000\", outcome: review, missing: review}\n"
	examplePlugin   = "id: registry\ntitle: Company registry\nrequest: {method: GET, url: \"{vendor.registry}/companies/{context.company.number}\"}\nresponse: {result: {status: \"{body.status}\"}}\n"
)

// bodies are examples of request bodies.
var bodies = map[string]any{
	"startCase": map[string]any{
		"workflow": "kyc", "external_id": "customer-42",
		"subject": map[string]any{"type": "individual", "external_id": "person-42", "name": map[string]any{"given": "Ada", "family": "Example"}},
		"context": map[string]any{"applicant": map[string]any{"country": "DE"}},
	},
	"createScreening":       map[string]any{"name": "Anna Keller", "birth_date": "1970-03-25", "country": "CH"},
	"uploadWatchlist":       map[string]any{"size": 183042, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
	"loadWatchlist":         map[string]any{"upload": "upload_01KB7Z3G8W1S2D3F4G5H6J7K8M"},
	"releaseWatchlist":      map[string]any{"comment": "The programme has ended: the issuer has said so on its page."},
	"decide":                map[string]any{"context": map[string]any{"amount": 1200, "country": "DE"}, "external_id": "order-7"},
	"sendEvent":             map[string]any{"type": "SUBMIT"},
	"saveContext":           map[string]any{"applicant": map[string]any{"country": "DE"}},
	"decideCase":            map[string]any{"event": "approve", "reason": "all_checks_passed", "comment": "Documents and screening are clear."},
	"cancelCase":            map[string]any{"reason": "withdrawn"},
	"assignCase":            map[string]any{"user": "user_rita"},
	"editNote":              map[string]any{"text": "Called the applicant: a new proof of address comes tomorrow."},
	"snoozeCase":            map[string]any{"until": "2026-12-01T08:00:00Z"},
	"escalateCase":          map[string]any{"reason": "The owner is a former minister: please decide."},
	"claimCase":             map[string]any{"take_over": false},
	"markNotificationsRead": map[string]any{"until": "2026-11-23T09:00:00Z"},
	"addNote":               map[string]any{"text": "Called the applicant; a new proof of address is on its way."},
	"announceDocument": map[string]any{
		"kind": "passport", "content_type": "image/png", "size": 183042, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	},
	"createFlowToken": map[string]any{"expires_in": 3600},
	"createWebhook":   map[string]any{"url": "https://example.com/ballerine", "events": []any{"case.*"}},
	"updateWebhook":   map[string]any{"disabled": false},
	"createKey":       map[string]any{"name": "onboarding service", "scopes": []any{"cases:read", "cases:write"}},
	"saveFlowContext": map[string]any{"applicant": map[string]any{"country": "DE"}},
	"sendFlowEvent":   map[string]any{"type": "SUBMIT"},
	"saveFlowPage":    map[string]any{"values": map[string]any{"applicant.name.given": "Ada", "applicant.name.family": "Lovelace", "applicant.country": "GB"}, "partial": true},
	"submitFlow":      map[string]any{},
	"announceFlowDocument": map[string]any{
		"kind": "passport", "side": "front", "content_type": "image/png", "size": 183042, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	},
	"assignCases": map[string]any{
		"cases": []any{map[string]any{"id": "case_01M8PVY0GSQ2TVZHAA4NH99MAA", "version": 8}, map[string]any{"id": "case_01M8PVR1A4Q0FHJ6C5D2T3W8XN", "version": 3}}, "user": "user_rita",
	},
	"decideDocument":           map[string]any{"decision": "revision", "reason": "blurred", "comment": "The number cannot be read."},
	"retryIncident":            map[string]any{"context": map[string]any{"applicant": map[string]any{"country": "DE"}}},
	"skipIncident":             map[string]any{"result": map[string]any{"matches": true}, "comment": "Seen on a bill of this month."},
	"lookAtCase":               map[string]any{"editing": true},
	"putList":                  map[string]any{"type": "block", "title": "Blocked e-mail addresses", "holds": "text", "matching": "ignoring_case"},
	"changeList":               map[string]any{"add": []any{map[string]any{"value": "fraud@example.com", "expires_at": "2027-01-01T00:00:00Z", "note": "Chargeback"}}, "remove": []any{"former@example.com"}},
	"putListEntries":           map[string]any{"entries": []any{map[string]any{"value": "fraud@example.com"}, map[string]any{"value": "other@example.com", "note": "Chargeback"}}},
	"replayDeadLetters":        map[string]any{"receiver": "executions"},
	"discardDeadLetters":       map[string]any{"case": "case_01M8PVY0GSQ2TVZHAA4NH99MAA", "effect": "3/0", "reason": "The subscriber was informed by telephone."},
	"publishWorkflow":          map[string]any{"source": exampleWorkflow, "comment": "The first version"},
	"publishPolicy":            map[string]any{"source": examplePolicy, "dry_run": true},
	"publishPlugin":            map[string]any{"source": examplePlugin, "comment": "The vendor's new address"},
	"backtestPolicy":           map[string]any{"source": examplePolicy, "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "examples": 3},
	"startBacktest":            map[string]any{"source": examplePolicy, "from": "2026-01-01T00:00:00Z", "comment": "A lower limit"},
	"evaluatePolicy":           map[string]any{"input": map[string]any{"amount": 1200}, "now": "2026-01-01T00:00:00Z"},
	"createTrial":              map[string]any{"source": examplePolicy, "kind": "challenger", "share": 0.1, "comment": "A tenth of all subjects"},
	"approveProposal":          map[string]any{"comment": "Checked against the ticket."},
	"rejectProposal":           map[string]any{"reason": "The limit is too low for business customers."},
	"updatePublishingSettings": map[string]any{"four_eyes": true, "comment": "Decided by the risk committee"},
	"createView":               map[string]any{"name": "High risk", "shared": true, "query": map[string]any{"risk": "high,critical"}},
	"updateView":               map[string]any{"name": "High risk, oldest first", "query": map[string]any{"risk": "high,critical", "sort": "waiting_since"}},
	"copyWorkflow":             map[string]any{"id": "kyc-austria"},
	"migrateCases":             map[string]any{"from": 1, "to": 2, "states": map[string]any{"screening": "screen"}, "dry_run": true},
	"importWorkspace": map[string]any{"dry_run": true, "workspace": map[string]any{
		"format": 1, "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		"definitions": []any{map[string]any{"kind": "policy", "id": "limit", "version": 1, "digest": "sha256:4f2b71c0f5f7b5c1d4d1b8f0f6a7c9e3d2b1a0f9e8d7c6b5a4938271605f4e3d", "source": examplePolicy}},
	}},
}
