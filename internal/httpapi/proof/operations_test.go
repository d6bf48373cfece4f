package proof

import (
	"testing"

	"ballerine/internal/httpapi"
)

// walked are the operations that the walk calls, with the permission that each takes; "" for one of the applicant's.
var walked = map[string]string{
	"startCase": "cases:write", "sendEvent": "cases:write", "saveContext": "cases:write", "announceDocument": "cases:write", "addNote": "cases:write",
	"sendFlowEvent": "", "saveFlowContext": "", "announceFlowDocument": "", "getFlowCase": "", "getCase": "cases:read",
	"decideCase": "cases:decide", "decideDocument": "cases:decide", "undoDecision": "cases:decide", "undoDocumentDecision": "cases:decide",
	"cancelCase": "cases:operate", "retryIncident": "cases:operate", "skipIncident": "cases:repair", "migrateCases": "cases:migrate",
	"receiveCallback": "",
	"createFlowToken": "flow_tokens:create", "createKey": "keys:write", "rotateKey": "keys:write", "revokeKey": "keys:write",
}

// passedBy are the operations that the walk leaves out, each for a reason.
var passedBy = map[string][]string{
	"only reads": {
		"getHealth", "listCases", "listEvents", "getPosition", "listIncidents", "listNotes", "listHistory", "listRelatedCases", "listTasks", "verifyCase", "listDocuments", "listUsers", "getQueue",
		"getStatistics", "listNotifications", "listWorkflows", "getWorkflow", "listKeys", "getFlowState", "listFlowDocuments", "listDeadLetters", "getMe",
	},
	"is said in the history and moves nothing":                                {"editNote", "snoozeCase", "endSnooze", "escalateCase", "endEscalation", "claimCase", "releaseCase", "assignCase", "assignCases", "lookAtCase", "leaveCase", "getDocumentContent", "getDocumentLink", "getTaskExchange"},
	"is somebody else's than who calls here":                                  {"decide", "replayDeadLetters", "discardDeadLetters"},
	"finds its case, and is receiveCallback from there":                       {"receiveVendorCallback"},
	"is saveFlowContext and sendFlowEvent, after internal/flow has judged it": {"saveFlowPage", "submitFlow"},
	"is about no case": {
		"markNotificationsRead",
		"publishWorkflow", "publishPolicy", "publishPlugin", "copyWorkflow", "importWorkspace", "listWorkflowVersions", "listPolicyVersions",
		"listPluginVersions", "getWorkflowVersion", "getPolicyVersion", "getPluginVersion", "listPolicies", "listPlugins", "getConnectorHealth", "diffWorkflow", "exportWorkspace",
		"getPublishingSettings", "updatePublishingSettings", "listProposals", "getProposal", "approveProposal", "rejectProposal", "withdrawProposal", "listViews",
		"createView", "updateView", "deleteView", "createWebhook", "listWebhooks", "getWebhook", "updateWebhook", "deleteWebhook", "rotateWebhookSecret", "testWebhook",
		"listDeliveries", "redeliver", "evaluatePolicy", "backtestPolicy", "startBacktest", "listBacktests", "getBacktest", "cancelBacktest", "createTrial",
		"endTrial", "approveTrial", "listTrials", "getTrial", "reportTrial", "listPolicyDecisions", "getPolicyDecision", "replayPolicyDecision", "listLists",
		"getList", "listListEditions", "getListEntries", "putList", "putListEntries", "changeList", "forgetListEdition", "deleteList",
		"createScreening", "listWatchlists", "uploadWatchlist", "loadWatchlist", "releaseWatchlist", "rejectWatchlist", "rescreenWatchlist", "removeWatchlist", "retainWatchlist",
	},
}

func TestEveryOperationIsWalkedOrPassedBy(t *testing.T) {
	routes, err := httpapi.Routes()
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]int{}
	for id := range walked {
		named[id]++
	}
	for _, ids := range passedBy {
		for _, id := range ids {
			named[id]++
		}
	}
	for _, route := range routes {
		if named[route.Operation] != 1 {
			t.Errorf("%s is named %d times: let the walk call it, or say why not", route.Operation, named[route.Operation])
		}
		delete(named, route.Operation)
	}
	for id := range named {
		t.Errorf("%s is no operation", id)
	}
}
