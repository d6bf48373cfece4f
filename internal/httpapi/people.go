package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// decisionBody is what a reviewer decides about a case.
type decisionBody struct {
	Event       string               `json:"event" minLength:"1" maxLength:"80"`
	Reason      string               `json:"reason,omitempty" maxLength:"200"`
	Comment     string               `json:"comment,omitempty" maxLength:"10000"`
	Message     string               `json:"message,omitempty" maxLength:"10000" doc:"to the applicant, who reads it with the documents that are asked for again"`
	Documents   []decisionOfDocument `json:"documents,omitempty" maxItems:"100" doc:"documents that are decided together with the case"`
	UndoSeconds int                  `json:"undo_seconds,omitempty" minimum:"0" maximum:"30" doc:"how long the decision can be taken back: its effects wait until then"`
}

type decisionOfDocument struct {
	ID       string `json:"id" minLength:"1" maxLength:"100"`
	Decision string `json:"decision" enum:"approved,rejected,revision"`
	Reason   string `json:"reason,omitempty" maxLength:"200"`
	Comment  string `json:"comment,omitempty" maxLength:"10000"`
}

func (s *server) registerPeople(api huma.API) {
	type decideIn struct {
		OnCase
		Seen
		Body decisionBody
	}
	add(s, api, op(Review, "decideCase", "POST", "/v1/cases/{id}/decisions", "Decide a case"), func(c ctx, in *decideIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		cmd := cases.DecideCommand{
			Event: in.Body.Event, Reason: in.Body.Reason, Comment: in.Body.Comment, Message: in.Body.Message, Undo: time.Duration(in.Body.UndoSeconds) * time.Second,
		}
		for _, d := range in.Body.Documents {
			cmd.Documents = append(cmd.Documents, cases.DocumentDecisionCommand{ID: d.ID, Decision: d.Decision, Reason: d.Reason, Comment: d.Comment})
		}
		record, err := s.Cases.Decide(c, principalOf(c), in.ID, version, cmd)
		return s.answer(c, record, err)
	})
	type undoIn struct {
		OnCase
		Seen
	}
	add(s, api, op(Review, "undoDecision", "POST", "/v1/cases/{id}/undo", "Take the newest decision back while its effects wait"), func(c ctx, in *undoIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Undo(c, principalOf(c), in.ID, version)
		return s.answer(c, record, err)
	})
	type cancelIn struct {
		OnCase
		Seen
		Body struct {
			Reason string `json:"reason" minLength:"1" maxLength:"1000"`
		}
	}
	add(s, api, op(Review, "cancelCase", "POST", "/v1/cases/{id}/cancellation", "Call a case off"), func(c ctx, in *cancelIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.Cancel(c, principalOf(c), in.ID, version, in.Body.Reason)
		return s.answer(c, record, err)
	})
	type assignIn struct {
		OnCase
		Seen
		Body struct {
			User *string `json:"user" maxLength:"200"`
		}
	}
	add(s, api, op(Review, "assignCase", "PUT", "/v1/cases/{id}/assignee", "Assign a case"), func(c ctx, in *assignIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		user := ""
		if in.Body.User != nil {
			user = *in.Body.User
		}
		if err := s.knows(c, user, "body.user"); err != nil {
			return nil, err
		}
		record, err := s.Cases.Assign(c, principalOf(c), in.ID, user, version)
		return s.answer(c, record, err)
	})
	s.registerNotes(api)
	s.registerInsight(api)
}

func (s *server) registerNotes(api huma.API) {
	type noteIn struct {
		OnCase
		Body struct {
			Text string `json:"text" minLength:"1" maxLength:"10000"`
		}
	}
	add(s, api, op(Review, "addNote", "POST", "/v1/cases/{id}/notes", "Add a note").creating(), func(c ctx, in *noteIn) (*created[cases.Note], error) {
		note, err := s.Cases.AddNote(c, principalOf(c), in.ID, reserved(c, "note"), in.Body.Text)
		return &created[cases.Note]{"/v1/cases/" + in.ID + "/notes/" + note.ID, note}, err
	})
	add(s, api, op(Review, "listNotes", "GET", "/v1/cases/{id}/notes", "List notes, oldest first"), func(c ctx, in *OnCase) (*body[List[cases.Note]], error) {
		notes, err := s.Cases.Notes(c, principalOf(c), in.ID)
		return &body[List[cases.Note]]{List[cases.Note]{Data: list(notes)}}, err
	})
}

func (s *server) registerInsight(api huma.API) {
	add(s, api, op(Review, "listTasks", "GET", "/v1/cases/{id}/tasks", "List the attempts at the case's work"), func(c ctx, in *OnCase) (*body[List[cases.TaskRun]], error) {
		runs, err := s.Cases.TaskRuns(c, principalOf(c), in.ID)
		return &body[List[cases.TaskRun]]{List[cases.TaskRun]{Data: list(runs)}}, err
	})
	add(s, api, op(Review, "verifyCase", "GET", "/v1/cases/{id}/verification", "Verify the history's chain"), func(c ctx, in *OnCase) (*body[cases.VerifyReport], error) {
		report, err := s.Cases.Verify(c, principalOf(c), in.ID)
		return &body[cases.VerifyReport]{report}, err
	})
	s.registerIncidents(api)
}

func (s *server) registerIncidents(api huma.API) {
	type OnIncident struct { // exported: Huma does not look into others
		OnCase
		Incident string `path:"incident"`
	}
	type retryIn struct {
		OnIncident
		Body *struct {
			Context map[string]any `json:"context,omitempty" doc:"put into the case's context first, as a merge patch"`
		}
	}
	type skipIn struct {
		OnIncident
		Body struct {
			Result  any    `json:"result" doc:"what the work would have given"`
			Comment string `json:"comment,omitempty" maxLength:"10000"`
		}
	}
	add(s, api, op(Review, "listIncidents", "GET", "/v1/cases/{id}/incidents", "List the case's open incidents, with what the work was given"), func(c ctx, in *OnCase) (*body[List[cases.OpenIncident]], error) {
		found, err := s.Cases.Incidents(c, principalOf(c), in.ID)
		return &body[List[cases.OpenIncident]]{List[cases.OpenIncident]{Data: list(found)}}, err
	})
	add(s, api, op(Review, "retryIncident", "POST", "/v1/cases/{id}/incidents/{incident}/retry", "Try failed work again, with the data put right"), func(c ctx, in *retryIn) (*caseAnswer, error) {
		var patch map[string]any
		if in.Body != nil {
			patch = in.Body.Context
		}
		record, err := s.Cases.RetryIncident(c, principalOf(c), in.ID, in.Incident, patch)
		return s.answer(c, record, err)
	})
	add(s, api, op(Review, "skipIncident", "POST", "/v1/cases/{id}/incidents/{incident}/skip", "Give failed work its result by hand"), func(c ctx, in *skipIn) (*caseAnswer, error) {
		record, err := s.Cases.SkipIncident(c, principalOf(c), in.ID, in.Incident, in.Body.Result, in.Body.Comment)
		return s.answer(c, record, err)
	})
}

type announceBody struct {
	Kind        string         `json:"kind" minLength:"1" maxLength:"100"`
	Side        string         `json:"side,omitempty" maxLength:"100"`
	ContentType string         `json:"content_type" minLength:"1" maxLength:"100"`
	Size        int64          `json:"size" minimum:"1"`
	SHA256      string         `json:"sha256" minLength:"64" maxLength:"64"`
	Properties  map[string]any `json:"properties,omitempty"`
}

type announced[D any] struct {
	Document D            `json:"document"`
	Upload   cases.Upload `json:"upload"`
}

func (s *server) announce(c ctx, id string, in announceBody) (cases.Document, cases.Upload, error) {
	return s.Cases.AnnounceDocument(c, principalOf(c), id, cases.AnnounceCommand{
		ID: reserved(c, "doc"), Kind: in.Kind, Side: in.Side, ContentType: in.ContentType, Size: in.Size, SHA256: in.SHA256, Properties: in.Properties,
	})
}

func (s *server) registerDocuments(api huma.API) {
	type announceIn struct {
		OnCase
		Body announceBody
	}
	add(s, api, op(Client, "announceDocument", "POST", "/v1/cases/{id}/documents", "Announce a document and get its upload").creating(), func(c ctx, in *announceIn) (*created[announced[Document]], error) {
		document, upload, err := s.announce(c, in.ID, in.Body)
		return &created[announced[Document]]{"/v1/cases/" + in.ID + "/documents/" + document.ID, announced[Document]{documentShape(document), upload}}, err
	})
	add(s, api, op(Client, "listDocuments", "GET", "/v1/cases/{id}/documents", "List documents"), func(c ctx, in *OnCase) (*body[List[Document]], error) {
		record, err := s.Cases.Get(c, principalOf(c), in.ID)
		return &body[List[Document]]{List[Document]{Data: each(record.Documents, documentShape)}}, err
	})
}

func (s *server) registerDocumentReview(api huma.API) {
	type redirect struct {
		Status       int
		Location     string `header:"Location"`
		CacheControl string `header:"Cache-Control"`
	}
	content := op(Review, "getDocumentContent", "GET", "/v1/cases/{id}/documents/{document}/content", "Get a five-minute link; the look is in the history")
	content.DefaultStatus = http.StatusFound
	add(s, api, content, func(c ctx, in *OnDocument) (*redirect, error) {
		link, err := s.Cases.DocumentLink(c, principalOf(c), in.ID, in.Document)
		return &redirect{http.StatusFound, link.URL, "no-store"}, err
	})
	add(s, api, op(Review, "getDocumentLink", "GET", "/v1/cases/{id}/documents/{document}/link", "Get a five-minute link as JSON; the look is in the history"), func(c ctx, in *OnDocument) (*noStore[cases.Link], error) {
		link, err := s.Cases.DocumentLink(c, principalOf(c), in.ID, in.Document)
		return &noStore[cases.Link]{"no-store", link}, err
	})
	type documentDecisionIn struct {
		OnDocument
		Seen
		Body struct {
			Decision string `json:"decision" enum:"approved,rejected,revision"`
			Reason   string `json:"reason,omitempty" maxLength:"200"`
			Comment  string `json:"comment,omitempty" maxLength:"10000"`
		}
	}
	add(s, api, op(Review, "decideDocument", "POST", "/v1/cases/{id}/documents/{document}/decision", "Decide a document"), func(c ctx, in *documentDecisionIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.DecideDocument(c, principalOf(c), in.ID, in.Document, version, cases.DocumentDecisionCommand{Decision: in.Body.Decision, Reason: in.Body.Reason, Comment: in.Body.Comment})
		return s.answer(c, record, err)
	})
}

func (s *server) registerFlowTokens(api huma.API) {
	type tokenIn struct {
		OnCase
		Body struct {
			ExpiresIn int `json:"expires_in,omitempty" minimum:"60" maximum:"86400" doc:"seconds"`
		}
	}
	type token struct {
		Token     string    `json:"token"`
		ExpiresAt time.Time `json:"expires_at"`
	}
	add(s, api, op(Client, "createFlowToken", "POST", "/v1/cases/{id}/flow-tokens", "Make a token for the case's applicant").creating(), func(c ctx, in *tokenIn) (*body[token], error) {
		p := principalOf(c)
		if _, err := s.Cases.Get(c, p, in.ID); err != nil {
			return nil, err
		}
		life := s.FlowToken
		if in.Body.ExpiresIn > 0 {
			life = time.Duration(in.Body.ExpiresIn) * time.Second
		}
		expires := s.Now().UTC().Add(life).Truncate(time.Second)
		text, err := s.Tokens.Flow(p.Tenant, in.ID, reserved(c, "flow"), expires)
		return &body[token]{token{text, expires}}, err
	})
}

func (s *server) registerFlow(api huma.API) {
	answer := func(c ctx, record cases.Record, err error) (*flowAnswer, error) {
		if err != nil {
			return nil, err
		}
		shape, err := s.flowView(c, record)
		return &flowAnswer{tag(record.Version), shape}, err
	}
	add(s, api, op(Flow, "getFlowCase", "GET", "/v1/flow/case", "Read the applicant's case"), func(c ctx, _ *none) (*flowAnswer, error) {
		record, err := s.Cases.Get(c, principalOf(c), principalOf(c).Case)
		return answer(c, record, err)
	})
	type patchIn struct{ Body map[string]any }
	add(s, api, op(Flow, "saveFlowContext", "PATCH", "/v1/flow/context", "Save what the applicant has filled in (RFC 7396)"), func(c ctx, in *patchIn) (*flowAnswer, error) {
		record, err := s.Cases.SaveContext(c, principalOf(c), principalOf(c).Case, in.Body)
		return answer(c, record, err)
	})
	add(s, api, op(Flow, "sendFlowEvent", "POST", "/v1/flow/events", "Send an event").repeatable(), func(c ctx, in *body[eventBody]) (*flowAnswer, error) {
		record, err := s.Cases.Send(c, principalOf(c), principalOf(c).Case, cases.SendCommand{Type: in.Body.Type, Payload: in.Body.Payload, IdempotencyID: callOf(c)})
		return answer(c, record, err)
	})
	add(s, api, op(Flow, "announceFlowDocument", "POST", "/v1/flow/documents", "Announce a document and get its upload").creating(), func(c ctx, in *body[announceBody]) (*body[announced[FlowDocument]], error) {
		document, upload, err := s.announce(c, principalOf(c).Case, in.Body)
		return &body[announced[FlowDocument]]{announced[FlowDocument]{flowDocument(document), upload}}, err
	})
	add(s, api, op(Flow, "listFlowDocuments", "GET", "/v1/flow/documents", "List the applicant's documents"), func(c ctx, _ *none) (*body[List[FlowDocument]], error) {
		record, err := s.Cases.Get(c, principalOf(c), principalOf(c).Case)
		return &body[List[FlowDocument]]{List[FlowDocument]{Data: each(record.Documents, flowDocument)}}, err
	})
}
