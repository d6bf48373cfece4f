package identity

import (
	"slices"
	"strings"

	"ballerine/internal/problem"
)

// Permission is what an operation needs; clients' scopes are permissions too.
type Permission string

// The permissions.
const (
	CasesRead       Permission = "cases:read"
	CasesWrite      Permission = "cases:write"
	CasesPersonal   Permission = "cases:personal" // see whom cases are about: names, data, notes
	CasesCollect    Permission = "cases:collect"  // act for the applicant where a case collects
	CasesDecide     Permission = "cases:decide"
	CasesApprove    Permission = "cases:approve" // decide what the workflow keeps for approvers
	CasesOperate    Permission = "cases:operate" // cancel, retry incidents
	CasesMigrate    Permission = "cases:migrate" // to another version of their workflow
	CasesRepair     Permission = "cases:repair"  // set the result of failed work by hand
	DocumentsRead   Permission = "documents:read"
	WebhooksRead    Permission = "webhooks:read"
	WebhooksWrite   Permission = "webhooks:write"
	PoliciesRun     Permission = "policies:evaluate"
	Backtest        Permission = "policies:backtest"
	Try             Permission = "policies:try"    // drafts beside live versions
	Decisions       Permission = "decisions:read"  // of policies: what was decided, and whether it is replayed alike
	DecisionInput   Permission = "decisions:input" // what they saw: personal data
	ListsRead       Permission = "lists:read"
	ListsWrite      Permission = "lists:write"
	ListEntries     Permission = "lists:entries" // may be personal data
	Screen          Permission = "screenings:create"
	WatchlistsRead  Permission = "watchlists:read"
	WatchlistsWrite Permission = "watchlists:write"
	KeysRead        Permission = "keys:read"
	KeysWrite       Permission = "keys:write"
	FlowTokens      Permission = "flow_tokens:create"
	WorkflowsRead   Permission = "workflows:read"
	Publish         Permission = "definitions:publish" // workflows, policies and plugins
	Definitions     Permission = "definitions:read"    // their sources
	Approve         Permission = "definitions:approve" // proposals of other people
	SettingsWrite   Permission = "settings:write"      // how the tenant publishes
	UsersRead       Permission = "users:read"
	ViewsWrite      Permission = "views:write"
	Statistics      Permission = "statistics:read"
	SelfRead        Permission = "self:read" // every person of the back office
	FlowUse         Permission = "flow:use"
	HooksAnswer     Permission = "hooks:answer"
	TasksRun        Permission = "tasks:run"
	Anybody         Permission = "public"
)

// Roles are the roles that ship.
func Roles() []string { return []string{"admin", "manager", "reviewer", "auditor", "developer"} }

// grant states who holds a permission.
type grant struct {
	kinds    []Kind
	roles    []string // of users
	explicit bool     // a client needs it in its scopes: it is not among "all permissions of clients"
	named    bool     // only by its name: "*" does not include it
}

var (
	everybody = []string{"admin", "manager", "reviewer", "auditor", "developer"}
	workers   = []string{"admin", "manager", "reviewer"}
	builders  = []string{"admin", "developer"}
	both      = []Kind{Client, User}
)

// grants is the place where roles get permissions. Own roles and conditions on cases will be asked here too.
var grants = map[Permission]grant{
	CasesRead:       {kinds: both, roles: everybody},
	CasesWrite:      {kinds: both, roles: workers},
	CasesPersonal:   {kinds: both, roles: []string{"admin", "manager", "reviewer", "auditor"}},
	CasesCollect:    {kinds: []Kind{User}, roles: workers},
	CasesDecide:     {kinds: both, roles: workers, explicit: true, named: true},
	CasesApprove:    {kinds: both, roles: []string{"admin", "manager"}, explicit: true, named: true},
	CasesOperate:    {kinds: both, roles: []string{"admin", "manager"}},
	CasesMigrate:    {kinds: both, roles: []string{"admin", "developer"}, explicit: true},
	CasesRepair:     {kinds: both, roles: []string{"admin", "manager"}, explicit: true},
	DocumentsRead:   {kinds: both, roles: []string{"admin", "manager", "reviewer", "auditor"}},
	WebhooksRead:    {kinds: both, roles: []string{"admin", "auditor", "developer"}},
	WebhooksWrite:   {kinds: both, roles: builders},
	PoliciesRun:     {kinds: both, roles: []string{"admin", "manager", "developer"}},
	Backtest:        {kinds: both, roles: []string{"admin", "manager", "developer"}},
	Try:             {kinds: both, roles: builders, explicit: true},
	Decisions:       {kinds: both, roles: []string{"admin", "manager", "auditor", "developer"}},
	DecisionInput:   {kinds: both, roles: []string{"admin", "manager", "auditor"}, explicit: true},
	ListsRead:       {kinds: both, roles: []string{"admin", "manager", "auditor", "developer"}},
	ListsWrite:      {kinds: both, roles: []string{"admin", "manager"}, explicit: true},
	ListEntries:     {kinds: both, roles: []string{"admin", "manager", "auditor"}, explicit: true},
	Screen:          {kinds: both, roles: workers},
	WatchlistsRead:  {kinds: both, roles: everybody},
	WatchlistsWrite: {kinds: both, roles: []string{"admin", "manager"}, explicit: true},
	KeysRead:        {kinds: both, roles: []string{"admin", "auditor", "developer"}, explicit: true},
	KeysWrite:       {kinds: both, roles: builders, explicit: true},
	FlowTokens:      {kinds: both, roles: workers},
	WorkflowsRead:   {kinds: both, roles: everybody},
	Publish:         {kinds: both, roles: builders, explicit: true},
	Definitions:     {kinds: both, roles: []string{"admin", "manager", "auditor", "developer"}},
	Approve:         {kinds: []Kind{User}, roles: []string{"admin", "manager"}},
	SettingsWrite:   {kinds: both, roles: []string{"admin"}, explicit: true},
	UsersRead:       {kinds: []Kind{User}, roles: everybody},
	ViewsWrite:      {kinds: []Kind{User}, roles: []string{"admin", "manager", "reviewer", "auditor"}},
	Statistics:      {kinds: both, roles: []string{"admin", "manager", "reviewer", "auditor"}},
	SelfRead:        {kinds: []Kind{User}, roles: everybody},
	FlowUse:         {kinds: []Kind{Applicant}},
	HooksAnswer:     {kinds: []Kind{Vendor}},
	TasksRun:        {kinds: []Kind{System}},
	Anybody:         {},
}

var operations = map[string]Permission{
	"getHealth": Anybody,

	"startCase": CasesWrite, "decide": CasesWrite, "listCases": CasesRead, "listEvents": CasesRead, "getCase": CasesRead, "getPosition": CasesRead, "saveContext": CasesWrite, "sendEvent": CasesWrite,
	"decideCase": CasesDecide, "cancelCase": CasesOperate, "assignCase": CasesWrite, "retryIncident": CasesOperate, "skipIncident": CasesRepair, "listIncidents": CasesRead,
	"listDeadLetters": CasesRepair, "replayDeadLetters": CasesRepair, "discardDeadLetters": CasesRepair,
	"addNote": CasesWrite, "editNote": CasesWrite, "listNotes": CasesRead, "listHistory": CasesRead, "listRelatedCases": CasesRead, "listTasks": CasesRead, "verifyCase": CasesRead,
	"announceDocument": CasesWrite, "listDocuments": CasesRead, "getDocumentContent": DocumentsRead, "decideDocument": CasesDecide, "undoDocumentDecision": CasesDecide,
	"createFlowToken": FlowTokens,

	"getMe": SelfRead, "listUsers": UsersRead, "getQueue": CasesRead, "undoDecision": CasesDecide, "assignCases": CasesWrite, "snoozeCase": CasesWrite, "endSnooze": CasesWrite, "escalateCase": CasesWrite, "endEscalation": CasesWrite, "claimCase": CasesDecide, "releaseCase": CasesDecide,
	"lookAtCase": CasesRead, "leaveCase": CasesRead, "getDocumentLink": DocumentsRead, "getTaskExchange": DocumentsRead, "getStatistics": Statistics,
	"listWorkflows": WorkflowsRead, "getWorkflow": WorkflowsRead,
	"migrateCases": CasesMigrate, "publishWorkflow": Publish, "publishPolicy": Publish, "publishPlugin": Publish, "copyWorkflow": Publish, "importWorkspace": Publish,
	"listWorkflowVersions": Definitions, "listPolicyVersions": Definitions, "listPluginVersions": Definitions,
	"getWorkflowVersion": Definitions, "getPolicyVersion": Definitions, "getPluginVersion": Definitions,
	"listPolicies": Definitions, "listPlugins": Definitions, "getConnectorHealth": Definitions, "diffWorkflow": Definitions, "exportWorkspace": Definitions,
	"getPublishingSettings": Definitions, "updatePublishingSettings": SettingsWrite,
	"listProposals": Definitions, "getProposal": Definitions, "approveProposal": Approve, "rejectProposal": Approve, "withdrawProposal": Definitions,
	"listNotifications": CasesRead, "markNotificationsRead": CasesRead,
	"listViews": CasesRead, "createView": ViewsWrite, "updateView": ViewsWrite, "deleteView": ViewsWrite,

	"createWebhook": WebhooksWrite, "listWebhooks": WebhooksRead, "getWebhook": WebhooksRead, "updateWebhook": WebhooksWrite,
	"deleteWebhook": WebhooksWrite, "rotateWebhookSecret": WebhooksWrite, "testWebhook": WebhooksWrite, "listDeliveries": WebhooksRead, "redeliver": WebhooksWrite,

	"evaluatePolicy": PoliciesRun, "backtestPolicy": Backtest,
	"startBacktest": Backtest, "listBacktests": Backtest, "getBacktest": Backtest, "cancelBacktest": Backtest,
	"createTrial": Try, "endTrial": Try, "approveTrial": Approve, "listTrials": Definitions, "getTrial": Definitions, "reportTrial": Decisions,
	"listPolicyDecisions": Decisions, "getPolicyDecision": Decisions, "replayPolicyDecision": Decisions,

	"listLists": ListsRead, "getList": ListsRead, "listListEditions": ListsRead, "getListEntries": ListEntries,
	"putList": ListsWrite, "putListEntries": ListsWrite, "changeList": ListsWrite, "forgetListEdition": ListsWrite, "deleteList": ListsWrite,

	"createScreening": Screen, "listWatchlists": WatchlistsRead, "uploadWatchlist": WatchlistsWrite, "loadWatchlist": WatchlistsWrite,
	"releaseWatchlist": WatchlistsWrite, "rejectWatchlist": WatchlistsWrite,
	"rescreenWatchlist": WatchlistsWrite, "removeWatchlist": WatchlistsWrite, "retainWatchlist": WatchlistsWrite,

	"createKey": KeysWrite, "listKeys": KeysRead, "rotateKey": KeysWrite, "revokeKey": KeysWrite,

	"getFlowCase": FlowUse, "saveFlowContext": FlowUse, "announceFlowDocument": FlowUse, "listFlowDocuments": FlowUse, "sendFlowEvent": FlowUse,
	"getFlowState": FlowUse, "saveFlowPage": FlowUse, "submitFlow": FlowUse,

	"receiveCallback": HooksAnswer, "receiveVendorCallback": HooksAnswer,

	"step": TasksRun, "rules": TasksRun, "vendor": TasksRun, "document": TasksRun, "children": TasksRun, "screening": TasksRun, "dispatch": TasksRun, "deliver": TasksRun, "sweep": TasksRun, "backtest": TasksRun,
}

// Permissions are all that a client's key can have as a scope, sorted.
func Permissions() []Permission {
	var list []Permission
	for permission, g := range grants {
		if slices.Contains(g.kinds, Client) {
			list = append(list, permission)
		}
	}
	slices.Sort(list)
	return list
}

// Held are the permissions that a principal has, sorted: what an interface shows as possible.
func Held(p Principal) []Permission {
	list := []Permission{}
	for permission, g := range grants {
		if permission != Anybody && g.allows(p, permission) {
			list = append(list, permission)
		}
	}
	slices.Sort(list)
	return list
}

// Has reports whether a principal has a permission: for parts of an answer that need one of their own.
func Has(p Principal, permission Permission) bool { return grants[permission].allows(p, permission) }

// Needs is the permission that an operation requires; "" for one that is in no table.
func Needs(operation string) Permission { return operations[operation] }

// Public reports whether the operation needs no credential.
func Public(operation string) bool { return operations[operation] == Anybody }

// Allow reports whether the principal may do the operation at all; which cases it sees is decided with the case.
// Errors: Forbidden.
func Allow(p Principal, operation string) error {
	permission, ok := operations[operation]
	if !ok {
		return problem.New(problem.Forbidden, "The operation has no entry in the permission table.")
	}
	if permission == Anybody || grants[permission].allows(p, permission) {
		return nil
	}
	return Lacks(permission)
}

// Lacks is the refusal for want of a permission, which it names.
func Lacks(permission Permission) *problem.Error {
	return problem.New(problem.Forbidden, "This requires the permission %s.", permission).Detail("permission", permission)
}

func (g grant) allows(p Principal, permission Permission) bool {
	if !slices.Contains(g.kinds, p.Kind) || p.Tenant == "" {
		return false
	}
	switch p.Kind {
	case User:
		return slices.ContainsFunc(g.roles, p.HasRole)
	case Client:
		if permission == CasesPersonal {
			return seesPersonal(p.Scopes)
		}
		return holds(p.Scopes, permission, g.named) || (len(p.Scopes) == 0 && !g.explicit)
	case Applicant, Vendor:
		return p.Case != ""
	}
	return true
}

// Redacted is a scope that takes away: a key that names it does not see personal data, whatever else it names.
const Redacted = "cases:redacted"

// seesPersonal reports whether a key may see personal data: every key that does something with cases does, as keys always have,
// unless it names Redacted.
func seesPersonal(scopes []string) bool {
	if slices.Contains(scopes, Redacted) {
		return false
	}
	return len(scopes) == 0 || slices.ContainsFunc(scopes, func(scope string) bool { return scope == "*" || strings.HasPrefix(scope, "cases:") })
}

func holds(scopes []string, permission Permission, named bool) bool {
	return !named && slices.Contains(scopes, "*") || slices.Contains(scopes, string(permission))
}
