package httpapi

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/review"
)

// noStore is an answer that nobody may keep.
type noStore[T any] struct {
	CacheControl string `header:"Cache-Control"`
	Body         T
}

// User is a person of the back office as others see them.
type User struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email"`
	Roles []string `json:"roles" nullable:"false"`
}

// Me is who calls, and what they may do.
type Me struct {
	User        User                  `json:"user"`
	Tenant      string                `json:"tenant"`
	Permissions []identity.Permission `json:"permissions" nullable:"false"`
}

// Queue is how many open cases there are, by what people look for.
type Queue struct {
	Open          int            `json:"open"`
	Mine          int            `json:"mine"`
	Unassigned    int            `json:"unassigned"`
	ToDecide      int            `json:"to_decide" doc:"wait for a person's decision"`
	Overdue       int            `json:"overdue" doc:"a person should have decided by now"`
	OverdueCapped bool           `json:"overdue_capped" doc:"there are more than that"`
	Workflow      map[string]int `json:"workflow" nullable:"false"`
	State         map[string]int `json:"state" nullable:"false" doc:"workflow/state"`
	Risk          map[string]int `json:"risk" nullable:"false"`
}

// Presence is somebody who looks at a case.
type Presence struct {
	User    string    `json:"user"`
	Name    string    `json:"name"`
	Since   time.Time `json:"since"`
	Editing bool      `json:"editing" doc:"has begun to write a decision"`
}

// Present is who looks at a case, and which version it is at.
type Present struct {
	Version int        `json:"version"`
	Others  []Presence `json:"others" nullable:"false"`
}

// Assigned is what became of one case of many.
type Assigned struct {
	Case    string           `json:"case"`
	Status  string           `json:"status" enum:"assigned,unchanged,failed"`
	Problem *AssignedProblem `json:"problem"`
}

// AssignedProblem says why a case was not assigned.
type AssignedProblem struct {
	_      struct{}     `nullable:"true"`
	Code   problem.Code `json:"code"`
	Detail string       `json:"detail"`
}

func (s *server) registerBackOffice(api huma.API) {
	add(s, api, op(Review, "getMe", "GET", "/v1/me", "Say who is signed in, and what they may do"), func(c ctx, _ *none) (*noStore[Me], error) {
		p := principalOf(c)
		person, err := s.People.Register(c, p)
		if err != nil {
			return nil, err
		}
		return &noStore[Me]{"no-store", Me{User: userShape(person), Tenant: p.Tenant, Permissions: identity.Held(p)}}, nil
	})
	add(s, api, op(Review, "listUsers", "GET", "/v1/users", "List the people of the back office, by name"), func(c ctx, _ *none) (*body[List[User]], error) {
		people, err := s.People.List(c, principalOf(c).Tenant)
		return &body[List[User]]{List[User]{Data: each(people, userShape)}}, err
	})
	add(s, api, op(Review, "getQueue", "GET", "/v1/queue", "Count the open cases"), func(c ctx, _ *none) (*body[One[Queue]], error) {
		queue, err := s.Cases.Queue(c, principalOf(c))
		return &body[One[Queue]]{One[Queue]{queueShape(queue)}}, err
	})
	s.registerAssignments(api)
	s.registerPresence(api)
	s.registerViews(api)
	s.registerStatistics(api)
	s.registerWorkflows(api)
}

// One is a thing that is not a resource of its own.
type One[T any] struct {
	Data T `json:"data"`
}

func userShape(p identity.Person) User {
	return User{ID: p.ID, Name: p.Name, Email: p.Email, Roles: list(p.Roles)}
}

func queueShape(q cases.QueueCounts) Queue {
	shape := Queue{
		Open: q.Counts["open"], Mine: q.Mine, Unassigned: q.Counts["unassigned"], ToDecide: q.Counts["to_decide"], Overdue: q.Overdue, OverdueCapped: q.Capped,
		Workflow: map[string]int{}, State: map[string]int{}, Risk: map[string]int{},
	}
	for name, number := range q.Counts {
		facet, value, _ := strings.Cut(name, "/")
		switch facet {
		case "workflow":
			shape.Workflow[value] = number
		case "state":
			shape.State[value] = number
		case "risk":
			shape.Risk[value] = number
		}
	}
	return shape
}

// knows says whether a case can be given to somebody. Errors: Invalid.
func (s *server) knows(c context.Context, user, location string) error {
	if user == "" {
		return nil
	}
	ok, err := s.People.Knows(c, principalOf(c).Tenant, user)
	if err != nil || ok {
		return err
	}
	return problem.New(problem.Invalid, "There is no such person to assign to.").With(location, "unknown", "nobody of the back office has this id, or they may not work on cases")
}

func (s *server) registerAssignments(api huma.API) {
	type assignmentsIn struct {
		Body struct {
			User  *string `json:"user" maxLength:"200" doc:"null: nobody"`
			Cases []struct {
				ID      string `json:"id" minLength:"1" maxLength:"100"`
				Version int    `json:"version,omitempty" minimum:"1" doc:"the version that was seen; absent: any"`
			} `json:"cases" minItems:"1" maxItems:"100"`
		}
	}
	add(s, api, op(Review, "assignCases", "POST", "/v1/cases/assignments", "Assign many cases; the answer tells of each"), func(c ctx, in *assignmentsIn) (*body[List[Assigned]], error) {
		p, user := principalOf(c), ""
		if in.Body.User != nil {
			user = *in.Body.User
		}
		if err := s.knows(c, user, "body.user"); err != nil {
			return nil, err
		}
		out := &body[List[Assigned]]{List[Assigned]{Data: []Assigned{}}}
		for _, one := range in.Body.Cases {
			out.Body.Data = append(out.Body.Data, s.assign(c, p, one.ID, user, one.Version))
		}
		return out, nil
	})
}

func (s *server) assign(c ctx, p identity.Principal, id, user string, version int) Assigned {
	before, err := s.Cases.Get(c, p, id)
	if err == nil {
		var after cases.Record
		if after, err = s.Cases.Assign(c, p, id, user, version); err == nil {
			if after.Version == before.Version {
				return Assigned{Case: id, Status: "unchanged"}
			}
			return Assigned{Case: id, Status: "assigned"}
		}
	}
	s.log(c, "assignCases", err)
	e := problem.As(err)
	return Assigned{Case: id, Status: "failed", Problem: &AssignedProblem{Code: e.Code, Detail: e.Message}}
}

func (s *server) registerPresence(api huma.API) {
	type lookIn struct {
		OnCase
		Body struct {
			Editing bool `json:"editing"`
		}
	}
	add(s, api, op(Review, "lookAtCase", "PUT", "/v1/cases/{id}/presence", "Say that one looks at the case, for 15 seconds; tells who else does"), func(c ctx, in *lookIn) (*noStore[Present], error) {
		p := principalOf(c)
		record, err := s.Cases.Get(c, p, in.ID)
		if err != nil {
			return nil, err
		}
		others, err := s.Reviews.Look(c, p, in.ID, in.Body.Editing)
		return &noStore[Present]{"no-store", Present{record.Version, each(others, func(o review.Presence) Presence {
			return Presence{User: o.User, Name: o.Name, Since: o.Since, Editing: o.Editing}
		})}}, err
	})
	add(s, api, op(Review, "leaveCase", "DELETE", "/v1/cases/{id}/presence", "Say that one does not look at the case any more"), func(c ctx, in *OnCase) (*none, error) {
		p := principalOf(c)
		if _, err := s.Cases.Get(c, p, in.ID); err != nil {
			return nil, err
		}
		return nil, s.Reviews.Leave(c, p, in.ID)
	})
}

// View is a saved view of the queue.
type View struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Shared    bool              `json:"shared"`
	Owner     string            `json:"owner"`
	Query     map[string]string `json:"query" nullable:"false" doc:"filters and order, named as in GET /v1/cases"`
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

func (b viewBody) command(id string) review.ViewCommand {
	return review.ViewCommand{ID: id, Name: b.Name, Shared: b.Shared, Query: b.Query, Columns: b.Columns}
}

func viewShape(v review.View) View {
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
	add(s, api, op(Review, "listViews", "GET", "/v1/views", "List the saved views that one sees, by name"), func(c ctx, _ *none) (*body[List[View]], error) {
		views, err := s.Reviews.Views(c, principalOf(c))
		return &body[List[View]]{List[View]{Data: each(views, viewShape)}}, err
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

// Day is what happened on one day in UTC.
type Day struct {
	Date      string         `json:"date" format:"date"`
	Started   int            `json:"started"`
	Completed map[string]int `json:"completed" nullable:"false" doc:"by outcome"`
	Decided   int            `json:"decided" doc:"by people"`
	Took      *Took          `json:"decision_seconds" doc:"from when a person was asked until a person decided"`
}

// Took says how long people took, in seconds; right to a twelfth.
type Took struct {
	_      struct{} `nullable:"true"`
	Median float64  `json:"median"`
	P90    float64  `json:"p90"`
}

// Statistics are days, the oldest first.
type Statistics struct {
	Data []Day     `json:"data" nullable:"false"`
	AsOf time.Time `json:"as_of"`
}

func (s *server) registerStatistics(api huma.API) {
	type statisticsIn struct {
		Days int `query:"days" minimum:"1" maximum:"90" default:"30"`
	}
	add(s, api, op(Review, "getStatistics", "GET", "/v1/statistics", "Count what happened day by day"), func(c ctx, in *statisticsIn) (*body[Statistics], error) {
		now := s.Now().UTC()
		days, err := s.Cases.Days(c, principalOf(c), in.Days)
		return &body[Statistics]{Statistics{Data: each(days, dayShape), AsOf: now}}, err
	})
}

func dayShape(d cases.Day) Day {
	shape := Day{Date: d.Date, Started: d.Counts["started"], Decided: d.Counts["decided"], Completed: map[string]int{}}
	histogram := map[int]int{}
	for name, number := range d.Counts {
		facet, value, _ := strings.Cut(name, "/")
		switch facet {
		case "completed":
			shape.Completed[value] = number
		case "took":
			if bucket, err := strconv.Atoi(value); err == nil && number > 0 {
				histogram[bucket] = number
			}
		}
	}
	if len(histogram) > 0 {
		shape.Took = &Took{Median: quantile(histogram, 0.5), P90: quantile(histogram, 0.9)}
	}
	return shape
}

// quantile of a histogram of decision times, in seconds.
func quantile(histogram map[int]int, share float64) float64 {
	var buckets []int
	total := 0
	for bucket, number := range histogram {
		buckets, total = append(buckets, bucket), total+number
	}
	slices.Sort(buckets)
	rank, seen := share*float64(total), 0
	for _, bucket := range buckets {
		if seen += histogram[bucket]; float64(seen) >= rank {
			return cases.TookSeconds(bucket)
		}
	}
	return cases.TookSeconds(buckets[len(buckets)-1])
}
