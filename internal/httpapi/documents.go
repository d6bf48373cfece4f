package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// OnDocument is the path of one document of a case.
type OnDocument struct {
	OnCase
	Document string `path:"document"`
}

// Document is a document without the place of its bytes.
type Document struct {
	ID          string                  `json:"id"`
	Kind        string                  `json:"kind"`
	Title       string                  `json:"title,omitempty" doc:"name of the kind in the workflow"`
	Side        string                  `json:"side,omitempty"`
	ContentType string                  `json:"content_type"`
	Size        int64                   `json:"size"`
	SHA256      string                  `json:"sha256" personal:"digest"`
	Status      cases.DocumentStatus    `json:"status"`
	Properties  map[string]any          `json:"properties,omitempty" personal:"properties"`
	Checks      map[string]any          `json:"checks,omitempty"`
	Decision    *cases.DocumentDecision `json:"decision,omitempty"`
	Undo        *DocumentUndo           `json:"undo,omitempty" doc:"the decision while it can be taken back"`
	CreatedAt   time.Time               `json:"created_at"`
	UpdatedAt   time.Time               `json:"updated_at"`
}

// DocumentUndo is a decision about a document that can still be undone by the person who made it.
type DocumentUndo struct {
	By    cases.Actor `json:"by" doc:"who decided, and can undo it"`
	Until time.Time   `json:"until" doc:"until when it can be undone"`
}

func documentShape(d cases.Document) Document {
	return Document{
		ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, Size: d.Size, SHA256: d.SHA256, Status: d.Status,
		Properties: d.Properties, Checks: d.Checks, Decision: d.Decision, CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
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
		Seen
		Body announceBody
	}
	add(s, api, op(Client, "announceDocument", "POST", "/v1/cases/{id}/documents", "Announce a document and get its upload link").creating(), func(c ctx, in *announceIn) (*created[announced[Document]], error) {
		c, err := in.on(c, in.ID)
		if err != nil {
			return nil, err
		}
		document, upload, err := s.announce(c, in.ID, in.Body)
		return &created[announced[Document]]{"/v1/cases/" + in.ID + "/documents/" + document.ID, announced[Document]{documentShape(document), upload}}, err
	})
	add(s, api, op(Client, "listDocuments", "GET", "/v1/cases/{id}/documents", "List documents"), func(c ctx, in *OnCase) (*body[List[Document]], error) {
		record, err := s.Cases.Get(c, principalOf(c), in.ID)
		return wholeList(each(record.Documents, documentShape)), err
	})
}

func (s *server) registerDocumentReview(api huma.API) {
	type redirect struct {
		Status       int
		Location     string `header:"Location"`
		CacheControl string `header:"Cache-Control"`
	}
	content := op(Review, "getDocumentContent", "GET", "/v1/cases/{id}/documents/{document}/content", "Get a document by a link that is valid for five minutes; the view is recorded in the history")
	content.DefaultStatus = http.StatusFound
	add(s, api, content, func(c ctx, in *OnDocument) (*redirect, error) {
		link, err := s.Cases.DocumentLink(c, principalOf(c), in.ID, in.Document)
		return &redirect{http.StatusFound, link.URL, "no-store"}, err
	})
	add(s, api, op(Review, "getDocumentLink", "GET", "/v1/cases/{id}/documents/{document}/link", "Get a link to a document as JSON; the view is recorded in the history"), func(c ctx, in *OnDocument) (*noStore[cases.Link], error) {
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

			UndoSeconds int `json:"undo_seconds,omitempty" minimum:"0" maximum:"30" doc:"how long the decision can be undone"`

			OnBehalfOf string `json:"on_behalf_of,omitempty" maxLength:"200" doc:"id of the person of your back office who decides; required for a key with the scope cases:decide"`
		}
	}
	add(s, api, op(Review, "decideDocument", "POST", "/v1/cases/{id}/documents/{document}/decision", "Decide a document"), func(c ctx, in *documentDecisionIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		if err := s.Reviews.MayDecide(c, principalOf(c), in.ID, in.Body.OnBehalfOf); err != nil {
			return nil, err
		}
		record, err := s.Cases.DecideDocument(c, principalOf(c), in.ID, in.Document, version, cases.DocumentDecisionCommand{Decision: in.Body.Decision, Reason: in.Body.Reason, Comment: in.Body.Comment, Undo: time.Duration(in.Body.UndoSeconds) * time.Second, OnBehalfOf: in.Body.OnBehalfOf})
		return s.answer(c, record, err)
	})
	type undoIn struct {
		OnDocument
		Seen
	}
	add(s, api, op(Review, "undoDocumentDecision", "POST", "/v1/cases/{id}/documents/{document}/undo", "Undo the latest decision about a document within its undo period"), func(c ctx, in *undoIn) (*caseAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		record, err := s.Cases.UndoDocument(c, principalOf(c), in.ID, in.Document, version)
		return s.answer(c, record, err)
	})
}
