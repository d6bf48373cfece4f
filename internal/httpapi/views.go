package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/backoffice"
)

// View is a saved view of the queue.
type View struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Shared    bool              `json:"shared"`
	Owner     string            `json:"owner"`
	Query     map[string]string `json:"query" nullable:"false" personal:"query" doc:"filters and order, named as in GET /v1/cases"`
	Columns   []string          `json:"columns" nullable:"false"`
	Version   int               `json:"version"`
	UpdatedAt time.Time         `json:"updated_at"`
}

type viewBody struct {
	Name    string            `json:"name" minLength:"1" maxLength:"200"`
	Shared  bool              `json:"shared,omitempty"`
	Query   map[string]string `json:"query,omitempty"`
	Columns []string          `json:"columns,omitempty" maxItems:"50"`
}

func (b viewBody) command(id string) backoffice.ViewCommand {
	return backoffice.ViewCommand{ID: id, Name: b.Name, Shared: b.Shared, Query: b.Query, Columns: b.Columns}
}

func viewShape(v backoffice.View) View {
	query := v.Query
	if query == nil {
		query = map[string]string{}
	}
	return View{ID: v.ID, Name: v.Name, Shared: v.Shared, Owner: v.Owner, Query: query, Columns: list(v.Columns), Version: v.Version, UpdatedAt: v.UpdatedAt}
}

func (s *server) registerViews(api huma.API) {
	type viewAnswer struct {
		Location string `header:"Location"`
		ETag     string `header:"ETag"`
		Body     View
	}
	add(s, api, op(Review, "listViews", "GET", "/v1/views", "List visible saved views, by name"), func(c ctx, _ *none) (*body[List[View]], error) {
		views, err := s.Reviews.Views(c, principalOf(c))
		views, lost := readable(s, c, "listViews", views, func(v backoffice.View) string { return lostIn(v.Unreadable, v.ID) })
		return wholeList(each(views, viewShape), lost...), err
	})
	add(s, api, op(Review, "createView", "POST", "/v1/views", "Save a view of the queue").creating(), func(c ctx, in *body[viewBody]) (*viewAnswer, error) {
		view, err := s.Reviews.Create(c, principalOf(c), in.Body.command(reserved(c, "view")))
		return &viewAnswer{"/v1/views/" + view.ID, tag(view.Version), viewShape(view)}, err
	})
	type updateIn struct {
		OnID
		Seen
		Body viewBody
	}
	add(s, api, op(Review, "updateView", "PUT", "/v1/views/{id}", "Change a saved view"), func(c ctx, in *updateIn) (*viewAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		view, err := s.Reviews.Update(c, principalOf(c), in.ID, version, in.Body.command(in.ID))
		return &viewAnswer{"", tag(view.Version), viewShape(view)}, err
	})
	add(s, api, op(Review, "deleteView", "DELETE", "/v1/views/{id}", "Delete a saved view"), func(c ctx, in *OnID) (*none, error) {
		return nil, s.Reviews.Delete(c, principalOf(c), in.ID)
	})
}
