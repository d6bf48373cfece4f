// Package screened makes the screening function: the watch lists of package watchlists, for state machines and for the API. No other
// function has it, for the tables that names are read with are large.
package screened

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"ballerine/internal/app"
	"ballerine/internal/cases"
	"ballerine/internal/httpapi"
	"ballerine/internal/httpapi/bridge"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/rescreening"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/task"
	"ballerine/internal/telemetry"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists"
)

// Function is the function's handler. Errors: Invalid when a definition has problems.
func Function(core *app.Core) (task.Handler, error) {
	_, function, err := Handlers(core)
	return function, err
}

// Handlers are the function's operations, for a caller in the same process, and all of it. Errors: as Function.
func Handlers(core *app.Core) (serve bridge.Handler, function task.Handler, err error) {
	lists := New(Config{Files: core.Files, Objects: core.Objects, Known: core.Watched, Open: core.Cases.Rescreened, Counts: core.Cases.RescreeningCounts, Behind: core.Cases.Behind, Now: core.Now, NewID: core.NewID, Logger: core.Logger, Metrics: core.Metrics})
	serve, function, err = core.Screening(lists, lists)
	return serve, lists.turns(function), err
}

// Lists are the watch lists of all tenants.
type Lists struct {
	lists  watchlists.Service
	again  *rescreening.Service // nil: subjects are not screened again
	config Config
}

// Config is what Lists need.
type Config struct {
	Files   app.Files     // where lists are
	Objects cases.Objects // how they are uploaded
	Known   watched.Store // people's answers to hits, and who is kept; nil: not stored
	Open    func(ctx context.Context, w watched.Watch, id string, about map[string]any) (cases.Record, error)
	Counts  func(ctx context.Context, tenant, id string) (bool, error)      // whether a case that was opened is open, or was decided
	Behind  func(ctx context.Context, tenant, key string) ([]string, error) // who may hold a secret of a key: see identity.Keys
	Now     func() time.Time
	NewID   func(prefix string) string
	Logger  *slog.Logger
	Metrics telemetry.Metrics
}

var (
	_ task.Screener      = (*Lists)(nil)
	_ httpapi.Watchlists = (*Lists)(nil)
)

// New makes Lists.
func New(c Config) *Lists {
	l := &Lists{config: c}
	l.lists.Objects, l.lists.Now, l.lists.NewID, l.lists.Behind = c.Files, c.Now, c.NewID, c.Behind
	if c.Known != nil {
		l.again = rescreening.New(rescreening.Config{Store: c.Known, News: l.lists.News, Open: c.Open, Counts: c.Counts, Now: c.Now, Logger: c.Logger, Metrics: c.Metrics})
		l.lists.Announce = l.again.Announce
	}
	l.lists.Uploads = func(ctx context.Context, key, contentType string, size int64, sum string, expires time.Duration) (watchlists.Upload, error) {
		upload, err := c.Objects.PresignPut(ctx, key, contentType, size, sum, expires)
		return watchlists.Upload{Method: upload.Method, URL: upload.URL, Headers: upload.Headers, ExpiresAt: upload.ExpiresAt}, err
	}
	return l
}

// asked is a query, and the place of each part of it.
type asked struct {
	name, birth, country, schema string
	year                         int // of the query
	lists                        []string

	at string // "body." or "with."
	e  *problem.Error
}

// query is the person who is searched for. Missing data of a person narrows nothing; without a name there is no search.
// Errors: Invalid, which names the places and not their values.
func (a asked) query() (screening.Query, error) {
	q := screening.Query{Name: a.name, Country: a.country}
	if err := names.Check(a.name); err != nil {
		a.e.With(a.at+"name", "name", "%s", problem.As(err).Message)
	}
	if a.country != "" && !isCountry(a.country) {
		a.e.With(a.at+"country", "format", "the country must be two capital letters (ISO 3166-1 alpha-2)")
	}
	if a.schema != "" {
		kind, err := names.KindOf(a.schema)
		if err != nil {
			a.e.With(a.at+"schema", "enum", "%s", problem.As(err).Message)
		}
		q.Kind = kind
	}
	birth, known, err := screening.AskedBirth(a.birth, a.year)
	if err != nil {
		a.e.With(a.at+"birth_date", "format", "%s", problem.As(err).Message)
	} else if known {
		q.Birth = &birth
	}
	for i, name := range a.lists {
		if !screening.ValidName(name) {
			a.e.With(fmt.Sprintf("%slists[%d]", a.at, i), "format", "the name of a watch list must have 1 to 64 small letters, digits and hyphens")
		}
	}
	if len(a.e.Fields) == 0 {
		return q, nil
	}
	places := make([]string, len(a.e.Fields))
	for i, f := range a.e.Fields {
		places[i] = f.Location
	}
	a.e.Message += " " + strings.Join(places, ", ") + "." // an incident shows only the sentence
	return q, a.e
}

func isCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func texts(value any) (found []string) {
	elements, _ := value.([]any)
	for _, one := range elements {
		if s, ok := one.(string); ok && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found
}

func number(value any) (float64, bool) {
	switch n := value.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// usual is how many hits are returned at most if the caller sets no limit.
const usual = 50

// Screen implements httpapi.Watchlists.
func (l *Lists) Screen(ctx context.Context, tenant string, r httpapi.ScreeningRequest) ([]httpapi.ScreeningHit, bool, map[string]string, error) {
	e := problem.New(problem.Invalid, "Watch lists cannot be searched with this request:")
	q, err := asked{r.Name, r.BirthDate, r.Country, r.Schema, l.config.Now().UTC().Year(), r.Lists, "body.", e}.query()
	if err != nil {
		return nil, false, nil, err
	}
	limit := r.Limit
	if limit == 0 {
		limit = usual
	}
	return l.screen(ctx, tenant, r.Lists, q, r.Threshold, limit)
}

func (l *Lists) screen(ctx context.Context, tenant string, lists []string, q screening.Query, threshold float64, limit int) ([]httpapi.ScreeningHit, bool, map[string]string, error) {
	found, of, err := l.lists.Screen(ctx, tenant, lists, q, screening.Options{Threshold: threshold, Limit: limit + 1})
	if err != nil {
		return nil, false, nil, err
	}
	hits := make([]httpapi.ScreeningHit, 0, min(limit, len(found)))
	for _, h := range found[:min(limit, len(found))] {
		hits = append(hits, shapeHit(h, of))
	}
	return hits, len(found) > limit, of, nil
}

func shapeHit(h screening.Hit, of map[string]string) httpapi.ScreeningHit {
	return httpapi.ScreeningHit{
		List: h.List, Edition: of[h.List], ID: h.ID, Version: h.Version, Name: h.Name, MainName: h.Main, Schema: h.Schema, Score: rounded(h.Score), Evidence: rounded(h.Evidence),
		Weak: h.Weak, Births: h.Births, Countries: h.Countries, Programs: h.Programs, Reasons: h.Reasons,
	}
}

func rounded(n float64) float64 { return math.Round(n*1000) / 1000 }

// Lists implements httpapi.Watchlists.
func (l *Lists) Lists(ctx context.Context, tenant string) ([]httpapi.Watchlist, error) {
	all, err := l.lists.Lists(ctx, tenant)
	shaped := make([]httpapi.Watchlist, len(all))
	for i, one := range all {
		shaped[i] = shape(one)
	}
	if err != nil || l.again == nil {
		return shaped, err
	}
	runs, err := l.again.Runs(ctx, tenant)
	for _, r := range runs {
		if at := slices.IndexFunc(shaped, func(w httpapi.Watchlist) bool { return w.Name == r.List }); at >= 0 {
			shaped[at].Rescreening = shapeRun(r)
		}
	}
	return shaped, err
}

// Offer implements httpapi.Watchlists.
func (l *Lists) Offer(ctx context.Context, p identity.Principal, size int64, sum string) (httpapi.WatchlistUpload, error) {
	offered, err := l.lists.Offer(ctx, p, size, sum)
	return httpapi.WatchlistUpload(offered), err
}

// Load implements httpapi.Watchlists.
func (l *Lists) Load(ctx context.Context, p identity.Principal, upload string) (httpapi.Watchlist, error) {
	list, err := l.lists.Load(ctx, p, upload)
	return shape(list), err
}

// Release implements httpapi.Watchlists.
func (l *Lists) Release(ctx context.Context, p identity.Principal, list, edition, comment string) (httpapi.Watchlist, error) {
	released, err := l.lists.Release(ctx, p, list, edition, comment)
	return shape(released), err
}

// Reject implements httpapi.Watchlists.
func (l *Lists) Reject(ctx context.Context, p identity.Principal, list, edition string) (httpapi.Watchlist, error) {
	rejected, err := l.lists.Reject(ctx, p, list, edition)
	return shape(rejected), err
}

func shape(l watchlists.List) httpapi.Watchlist {
	shaped := httpapi.Watchlist{Name: l.Name, Former: make([]httpapi.WatchlistEdition, len(l.Former))}
	if l.Current != nil {
		current := shapeEdition(*l.Current)
		shaped.Current = &current
	}
	if l.Waiting != nil {
		waiting := shapeEdition(*l.Waiting)
		shaped.Waiting = &waiting
	}
	for i, e := range l.Former {
		shaped.Former[i] = shapeEdition(e)
	}
	if l.Removal != nil {
		shaped.Removal = &httpapi.WatchlistRemoval{By: shapePerson(l.Removal.By), At: l.Removal.At}
	}
	return shaped
}

func shapeEdition(e watchlists.Edition) httpapi.WatchlistEdition {
	shaped := httpapi.WatchlistEdition{
		Edition: e.Edition, SHA256: e.SHA256, Entries: e.Entries, Changes: (*httpapi.WatchlistChanges)(e.Changes), LoadedAt: e.LoadedAt, LoadedBy: shapePerson(e.LoadedBy),
		ReleasedAt: e.Released, Comment: e.Comment,
	}
	if e.By != nil {
		by := shapePerson(*e.By)
		shaped.ReleasedBy = &by
	}
	return shaped
}

func shapePerson(p watchlists.Person) httpapi.WatchlistPerson {
	return httpapi.WatchlistPerson{ID: p.ID, Kind: p.Kind, Name: p.Name}
}
