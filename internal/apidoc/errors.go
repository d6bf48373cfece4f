package apidoc

import (
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/problem"
)

// Codes that several operations return.
var (
	// onSeen: the caller states which version it has seen.
	onSeen = []problem.Code{problem.PreconditionRequired, problem.Stale}
	// moving: a case is changed, and answered as it is then.
	moving = []problem.Code{problem.NotFound, problem.CaseClosed, problem.Conflict, problem.Livelock, problem.TooLarge, problem.UnknownWorkflow}
	// starting: a case begins.
	starting = []problem.Code{problem.UnknownWorkflow, problem.AlreadyExists, problem.Conflict, problem.Livelock, problem.TooLarge}
	// drafted: a draft of a policy is read, and refers to what was published.
	drafted = []problem.Code{problem.UnknownPolicy, problem.UnknownList, problem.NotFound, problem.NotReady, problem.TooLarge}
	// published: something is published, or proposed where nobody publishes alone.
	published = []problem.Code{problem.NotFound, problem.UnknownPolicy, problem.UnknownWorkflow, problem.Conflict, problem.TooLarge}
	// proposed: a proposal is decided.
	proposed = []problem.Code{problem.NotFound, problem.AlreadyDecided, problem.Outdated, problem.Conflict}
	// edited: the entries of a list become others.
	edited = []problem.Code{problem.NotFound, problem.Conflict, problem.PreconditionRequired, problem.Stale, problem.TooLarge}
)

func codes(groups ...[]problem.Code) []problem.Code { return slices.Concat(groups...) }

func with(more ...problem.Code) []problem.Code { return more }

// own are the codes that operations return beyond those that follow from their form: see Errors. Every operation has a row,
// and apitest.Watch fails the tests in which one returns a code that it does not name.
var own = map[string][]problem.Code{
	"getHealth": nil,

	"startCase": starting, "decide": starting,
	"listCases": with(problem.UnknownWorkflow), "getCase": with(problem.NotFound, problem.UnknownWorkflow),
	"listEvents":  nil,
	"getPosition": with(problem.NotFound, problem.UnknownWorkflow),
	"sendEvent":   codes(moving, with(problem.EventNotAllowed, problem.NotCollecting, problem.Stale, problem.FourEyes)), "saveContext": codes(moving, with(problem.NotCollecting, problem.Stale, problem.FourEyes)),
	"listRelatedCases": with(problem.NotFound, problem.UnknownWorkflow),
	"listHistory":      with(problem.NotFound), "listNotes": with(problem.NotFound), "listTasks": with(problem.NotFound), "verifyCase": with(problem.NotFound),
	"decideCase":   codes(moving, onSeen, with(problem.EventNotAllowed, problem.FourEyes, problem.Claimed)),
	"undoDecision": codes(moving, onSeen, with(problem.UndoOver, problem.AlreadyExists)),
	"cancelCase":   codes(moving, onSeen), "assignCase": codes(moving, with(problem.Stale)), "assignCases": nil,
	"addNote":       with(problem.NotFound, problem.Conflict, problem.TooLarge, problem.Stale),
	"editNote":      with(problem.NotFound, problem.Conflict, problem.TooLarge, problem.Stale, problem.NoteFinal),
	"listIncidents": with(problem.NotFound, problem.UnknownWorkflow), "retryIncident": codes(moving, with(problem.Stale, problem.FourEyes)), "skipIncident": codes(moving, with(problem.Stale, problem.FourEyes)),
	"lookAtCase": with(problem.NotFound), "leaveCase": with(problem.NotFound),
	"snoozeCase": codes(moving, with(problem.Stale)), "endSnooze": codes(moving, with(problem.Stale)),
	"escalateCase": codes(moving, with(problem.Stale, problem.AlreadyExists)), "endEscalation": codes(moving, with(problem.Stale)),
	"claimCase": codes(moving, with(problem.Claimed)), "releaseCase": with(problem.NotFound),

	"announceDocument": codes(moving, with(problem.NotCollecting, problem.Stale)), "listDocuments": with(problem.NotFound),
	"getDocumentContent": moving, "getDocumentLink": moving, "getTaskExchange": moving,
	"decideDocument":       codes(moving, onSeen, with(problem.NotReady, problem.EventNotAllowed, problem.FourEyes, problem.Claimed)),
	"undoDocumentDecision": codes(moving, onSeen, with(problem.UndoOver)),
	"createFlowToken":      with(problem.NotFound, problem.Conflict),

	"getFlowCase": with(problem.NotFound, problem.UnknownWorkflow), "listFlowDocuments": with(problem.NotFound),
	"saveFlowContext": codes(moving, with(problem.NotCollecting, problem.Stale)), "sendFlowEvent": codes(moving, with(problem.EventNotAllowed, problem.NotCollecting, problem.Stale)),
	"getFlowState": with(problem.NotFound, problem.UnknownWorkflow), "saveFlowPage": codes(moving, with(problem.NotCollecting, problem.Stale)),
	"submitFlow":           codes(moving, with(problem.EventNotAllowed, problem.NotCollecting, problem.Stale)),
	"announceFlowDocument": codes(moving, with(problem.NotCollecting, problem.Stale)),

	"getMe": nil, "listUsers": nil, "getQueue": nil, "getStatistics": nil,
	"listNotifications": with(problem.NotFound), "markNotificationsRead": with(problem.Conflict),
	"listViews": nil, "createView": with(problem.Conflict, problem.TooLarge),
	"updateView": codes(onSeen, with(problem.NotFound, problem.Conflict)), "deleteView": with(problem.NotFound),
	"listDeadLetters": nil, "replayDeadLetters": with(problem.NotFound, problem.Conflict, problem.TooLarge),
	"discardDeadLetters": with(problem.NotFound, problem.Conflict, problem.TooLarge),

	"createWebhook": with(problem.Conflict), "listWebhooks": nil, "getWebhook": with(problem.NotFound),
	"updateWebhook": with(problem.NotFound, problem.Stale, problem.Conflict), "deleteWebhook": with(problem.NotFound),
	"rotateWebhookSecret": with(problem.NotFound, problem.Conflict), "listDeliveries": with(problem.NotFound),
	"testWebhook": with(problem.NotFound, problem.Conflict), "redeliver": with(problem.NotFound, problem.Conflict),

	"createKey": with(problem.Conflict), "listKeys": nil, "rotateKey": with(problem.NotFound, problem.Conflict), "revokeKey": with(problem.NotFound, problem.Conflict),

	"evaluatePolicy": codes(drafted, with(problem.Conflict)), "backtestPolicy": drafted,
	"startBacktest": codes(drafted, with(problem.AlreadyExists, problem.Conflict)), "listBacktests": with(problem.NotFound), "getBacktest": with(problem.NotFound),
	"cancelBacktest": with(problem.NotFound, problem.NotReady, problem.Conflict),
	"createTrial":    codes(drafted, with(problem.AlreadyExists, problem.Conflict)), "listTrials": with(problem.NotFound), "getTrial": with(problem.NotFound),
	"endTrial": with(problem.NotFound, problem.Conflict), "approveTrial": with(problem.NotFound, problem.NotReady, problem.AlreadyExists, problem.Conflict),
	"reportTrial":         with(problem.NotFound),
	"listPolicyDecisions": nil, "getPolicyDecision": with(problem.NotFound),
	"replayPolicyDecision": with(problem.NotFound, problem.NotReady, problem.UnknownPolicy, problem.UnknownList),

	"putList": codes(onSeen, with(problem.Conflict)), "listLists": nil, "getList": with(problem.NotFound),
	"deleteList": codes(onSeen, with(problem.NotFound, problem.Conflict)), "listListEditions": with(problem.NotFound),
	"forgetListEdition": with(problem.NotFound, problem.Conflict), "getListEntries": with(problem.NotFound),
	"putListEntries": edited, "changeList": edited,

	"createScreening": with(problem.UnknownList), "listWatchlists": nil, "uploadWatchlist": nil,
	"loadWatchlist": with(problem.NotFound, problem.AlreadyExists, problem.Conflict), "releaseWatchlist": with(problem.NotFound, problem.NotReady, problem.FourEyes, problem.Conflict),
	"rejectWatchlist": with(problem.NotFound, problem.NotReady, problem.Conflict), "rescreenWatchlist": with(problem.NotFound, problem.UnknownList, problem.NotReady, problem.Conflict),
	"removeWatchlist": with(problem.NotFound, problem.FourEyes, problem.Conflict), "retainWatchlist": with(problem.NotFound, problem.Conflict),

	"listWorkflows": nil, "getWorkflow": with(problem.NotFound, problem.UnknownWorkflow),
	"publishWorkflow": published, "publishPolicy": published, "publishPlugin": published,
	"copyWorkflow": codes(published, with(problem.AlreadyExists)), "importWorkspace": published, "exportWorkspace": with(problem.TooLarge),
	"listWorkflowVersions": with(problem.NotFound), "listPolicyVersions": with(problem.NotFound), "listPluginVersions": with(problem.NotFound),
	"getWorkflowVersion": with(problem.NotFound), "getPolicyVersion": with(problem.NotFound), "getPluginVersion": with(problem.NotFound),
	"listPolicies": nil, "listPlugins": nil, "getConnectorHealth": with(problem.NotFound), "diffWorkflow": with(problem.NotFound),
	"getPublishingSettings": nil, "updatePublishingSettings": codes(published, onSeen),
	"listProposals": nil, "getProposal": with(problem.NotFound),
	"approveProposal": codes(proposed, published), "rejectProposal": proposed, "withdrawProposal": proposed,
	"migrateCases": with(problem.UnknownWorkflow, problem.NotFound, problem.Conflict),

	"receiveVendorCallback": with(problem.NotFound, problem.CaseClosed, problem.Conflict, problem.Livelock, problem.UnknownWorkflow),

	"receiveCallback": with(problem.NotFound, problem.CaseClosed, problem.Conflict, problem.Livelock, problem.UnknownWorkflow),
}

// Errors are the codes that an operation returns, sorted by status and name: its own, and those that follow from its form,
// which are of the credential, the parameters, the body, the Idempotency-Key, and of our own side.
func Errors(op *huma.Operation) []problem.Code {
	found := codes(own[op.OperationID], with(problem.Internal, problem.Unavailable, problem.Timeout, problem.RateLimited, problem.Invalid))
	if len(op.Security) > 0 || op.OperationID == "receiveCallback" || op.OperationID == "receiveVendorCallback" {
		found = append(found, problem.Unauthenticated, problem.InvalidCredentials, problem.CredentialsExpired, problem.CredentialsRevoked, problem.Forbidden)
	}
	if op.RequestBody != nil {
		found = append(found, problem.MalformedJSON, problem.UnsupportedMedia, problem.TooLarge)
	}
	for _, param := range op.Parameters {
		if param.Name == "Idempotency-Key" {
			found = append(found, problem.IdempotencyMismatch, problem.IdempotencyInFlight)
			if param.Required {
				found = append(found, problem.IdempotencyRequired)
			}
		}
	}
	slices.SortFunc(found, func(a, b problem.Code) int {
		if a.Status() != b.Status() {
			return a.Status() - b.Status()
		}
		return strings.Compare(string(a), string(b))
	})
	return slices.Compact(found)
}

// byStatus groups codes by their status, in the order of Errors.
func byStatus(found []problem.Code) (statuses []int, groups map[int][]problem.Code) {
	groups = map[int][]problem.Code{}
	for _, code := range found {
		if len(groups[code.Status()]) == 0 {
			statuses = append(statuses, code.Status())
		}
		groups[code.Status()] = append(groups[code.Status()], code)
	}
	return statuses, groups
}
