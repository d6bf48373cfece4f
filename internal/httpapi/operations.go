package httpapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func op(audience Audience, id, method, path, summary string) operation {
	return operation{audience: audience, Operation: huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}}
}

func (o operation) creating() operation {
	o.idempotent, o.DefaultStatus = required, http.StatusCreated
	return o
}

// defining lets the body have a definition, which may be large.
func (o operation) defining() operation {
	o.maxBody = maxLargeBody
	return o
}

func (o operation) repeatable() operation {
	o.idempotent = optional
	return o
}

func (s *server) register(api huma.API) {
	s.registerHealth(api)
	for _, operations := range s.Operations {
		operations.register(s, api)
	}
}

// Operations are those of an audience. Each audience has a constructor of its own, and a function that calls one of them
// holds the code of no other's.
type Operations struct {
	Audience Audience
	register func(s *server, api huma.API)
}

// AllOperations are those of every audience.
func AllOperations() []Operations {
	return []Operations{ClientOperations(), ReviewOperations(), AdminOperations(), FlowOperations(), HookOperations(), ScreeningOperations()}
}

// ClientOperations are what clients call with a key.
func ClientOperations() Operations {
	return Operations{Client, func(s *server, api huma.API) {
		s.registerCases(api)
		s.registerCaseList(api)
		s.registerDecisions(api)
		s.registerDocuments(api)
		s.registerEvaluation(api)
		s.registerWebhooks(api)
		s.registerDeliveries(api)
		s.registerEvents(api)
		s.registerFlowTokens(api)
	}}
}

// ReviewOperations are what people do in the dashboard.
func ReviewOperations() Operations {
	return Operations{Review, func(s *server, api huma.API) {
		s.registerCaseDecisions(api)
		s.registerCancellation(api)
		s.registerNotes(api)
		s.registerNotifications(api)
		s.registerTasks(api)
		s.registerVerification(api)
		s.registerIncidents(api)
		s.registerOutbox(api)
		s.registerHistory(api)
		s.registerRelated(api)
		s.registerPeople(api)
		s.registerQueue(api)
		s.registerAssignments(api)
		s.registerPresence(api)
		s.registerDesk(api)
		s.registerViews(api)
		s.registerStatistics(api)
		s.registerWorkflows(api)
		s.registerDocumentReview(api)
		s.registerKeys(api)
		s.registerLedger(api)
	}}
}

// AdminOperations are for people who build and run workflows.
func AdminOperations() Operations {
	return Operations{Admin, func(s *server, api huma.API) {
		s.registerDefinitions(api)
		s.registerCopies(api)
		s.registerConnectors(api)
		s.registerWorkspace(api)
		s.registerSettings(api)
		s.registerProposals(api)
		s.registerDecidingProposals(api)
		s.registerMigrations(api)
		s.registerBacktests(api)
		s.registerBacktestRuns(api)
		s.registerLists(api)
		s.registerListEntries(api)
		s.registerReadingEntries(api)
		s.registerListEditions(api)
		s.registerTrials(api)
		s.registerTrial(api)
		s.registerTrialReport(api)
	}}
}

// ScreeningOperations look for names on watch lists, and load these.
func ScreeningOperations() Operations {
	return Operations{Screening, func(s *server, api huma.API) {
		s.registerScreenings(api)
		s.registerWatchlists(api)
	}}
}

// FlowOperations are the applicant's.
func FlowOperations() Operations {
	return Operations{Flow, func(s *server, api huma.API) {
		s.registerFlow(api)
		s.registerFlowPages(api)
	}}
}

// HookOperations are the vendors'.
func HookOperations() Operations { return Operations{Hooks, (*server).registerHooks} }
