package httpapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/identity"
)

// ScreeningResult are the entries of watch lists that somebody may be.
type ScreeningResult struct {
	ID         string            `json:"id"`
	Hits       []ScreeningHit    `json:"hits" nullable:"false" doc:"best first: by score, then by evidence"`
	More       bool              `json:"more" doc:"there are more hits than the limit allows"`
	Editions   map[string]string `json:"list_editions" doc:"the editions that were searched, by list"`
	ScreenedAt time.Time         `json:"screened_at" doc:"when the lists were searched"`
}

// Watchlist is a list that names are looked for on.
type Watchlist struct {
	Name    string             `json:"name"`
	Current *WatchlistEdition  `json:"current,omitempty" doc:"the edition that is searched"`
	Waiting *WatchlistEdition  `json:"waiting,omitempty" doc:"an edition with fewer than half of the entries, which another person releases or rejects"`
	Former  []WatchlistEdition `json:"former" nullable:"false" doc:"the newest first, 20 at most"`

	Removal     *WatchlistRemoval `json:"removal,omitempty" doc:"who has asked to remove the list; another person confirms"`
	Rescreening *Rescreening      `json:"rescreening,omitempty" doc:"how far kept subjects have been screened again"`
}

// WatchlistRemoval is the wish to remove a list.
type WatchlistRemoval struct {
	By WatchlistPerson `json:"by" doc:"who has asked"`
	At time.Time       `json:"at" doc:"when"`
}

// Rescreening is a run over a tenant's kept subjects.
type Rescreening struct {
	State    string     `json:"state" enum:"running,done,failed"`
	Edition  string     `json:"edition,omitempty" doc:"the edition that subjects are compared with"`
	By       string     `json:"by,omitempty" doc:"id of who has started it; missing: a new edition has"`
	Looked   int        `json:"looked" doc:"subjects that were compared"`
	Hits     int        `json:"hits" doc:"possible matches that had not been answered"`
	Opened   int        `json:"opened" doc:"cases that were opened"`
	Waiting  int        `json:"waiting" doc:"subjects that are still to be compared on their own, because they failed or were kept after the run had passed them"`
	Failed   int        `json:"failed" doc:"subjects that could not be screened; the next edition tries them again"`
	Failures []string   `json:"failures,omitempty" doc:"ids of these subjects, 20 at most"`
	Error    string     `json:"error,omitempty" doc:"code of the newest failure of the run"`
	NotedAt  time.Time  `json:"noted_at" doc:"when it was started, or an edition was announced"`
	EndedAt  *time.Time `json:"ended_at,omitempty"`
}

// WatchlistEdition is one edition of a list.
type WatchlistEdition struct {
	Edition    string            `json:"edition" doc:"the issuer's date, where the file has one, and the beginning of the SHA-256 of its files"`
	SHA256     string            `json:"sha256" doc:"of the packed list"`
	Entries    int               `json:"entries"`
	Changes    *WatchlistChanges `json:"changes,omitempty" doc:"from the edition that was current when this one was loaded"`
	LoadedAt   time.Time         `json:"loaded_at" doc:"when it was loaded"`
	LoadedBy   WatchlistPerson   `json:"loaded_by" doc:"who has loaded it"`
	ReleasedAt *time.Time        `json:"released_at,omitempty" doc:"of one that has waited: when it was released"`
	ReleasedBy *WatchlistPerson  `json:"released_by,omitempty" doc:"of one that has waited: who has released it"`
	Comment    string            `json:"comment,omitempty" doc:"of who has released it"`
}

// WatchlistChanges counts entries.
type WatchlistChanges struct {
	Added   int `json:"added"`
	Changed int `json:"changed" doc:"entries that have changed"`
	Removed int `json:"removed"`
}

// WatchlistPerson is who has loaded or released an edition.
type WatchlistPerson struct {
	ID   string `json:"id"`
	Kind string `json:"kind" enum:"user,client,system" doc:"a person, a key, or the system itself"`
	Name string `json:"name,omitempty"`
}

// WatchlistUpload is where a packed list is sent, and how.
type WatchlistUpload struct {
	ID        string            `json:"id"`
	Method    string            `json:"method"`
	URL       string            `json:"url" doc:"where to send the bytes"`
	Headers   map[string]string `json:"headers" doc:"to be sent as they are"`
	ExpiresAt time.Time         `json:"expires_at"`
}

// ScreeningRequest is who is searched for, and where.
type ScreeningRequest struct {
	Name      string   `json:"name" minLength:"1" maxLength:"1024"`
	BirthDate string   `json:"birth_date,omitempty" maxLength:"10" doc:"YYYY, YYYY-MM or YYYY-MM-DD"`
	Country   string   `json:"country,omitempty" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2"`
	Schema    string   `json:"schema,omitempty" enum:"Person,Organization,LegalEntity,Vessel" doc:"default: all, and Person with a date of birth"`
	Lists     []string `json:"lists,omitempty" minItems:"1" maxItems:"50" doc:"names of watch lists; default: all that are loaded"`
	Threshold float64  `json:"threshold,omitempty" minimum:"0.5" maximum:"1" doc:"score from which an entry is a hit; default: 0.8"`
	Limit     int      `json:"limit,omitempty" minimum:"1" maximum:"100" doc:"most hits; default: 50"`
}

// ScreeningHit is an entry of a watch list that somebody may be.
type ScreeningHit struct {
	List      string   `json:"list" doc:"name of the watch list"`
	Edition   string   `json:"edition"`
	ID        string   `json:"id" doc:"of the entry, as its issuer numbers it"`
	Version   string   `json:"version" doc:"changes when the issuer changes the entry"`
	Name      string   `json:"name" doc:"the listed name that agrees best"`
	MainName  string   `json:"main_name,omitempty" doc:"the main name, where that is another one"`
	Schema    string   `json:"schema" enum:"Person,Organization,LegalEntity,Vessel" doc:"what the entry is"`
	Score     float64  `json:"score" minimum:"0" maximum:"1"`
	Evidence  float64  `json:"evidence" doc:"how much the agreement signifies, in bits; it orders hits and has no bound"`
	Weak      bool     `json:"weak" doc:"the issuer calls this name low quality"`
	Births    []string `json:"birth_dates,omitempty" doc:"as far as the list knows them: 1970-03-25, 1970, circa 1970, 1968 to 1972"`
	Countries []string `json:"countries,omitempty" doc:"of the entry; ISO 3166-1 alpha-2 where the issuer's name of the country is known"`
	Programs  []string `json:"programs,omitempty" doc:"why it is listed, in the issuer's words"`
	Reasons   []string `json:"reasons" nullable:"false" doc:"a sentence for each word and field"`
}

// Watchlists are those of all tenants. Errors of each: problem.Unavailable, problem.Internal.
type Watchlists interface {
	// Screen searches for a subject. Errors: Invalid, UnknownList.
	Screen(ctx context.Context, tenant string, request ScreeningRequest) (hits []ScreeningHit, more bool, lists map[string]string, err error)
	// Lists are those of a tenant, by name.
	Lists(ctx context.Context, tenant string) ([]Watchlist, error)
	// Offer allows an upload. Errors: Invalid.
	Offer(ctx context.Context, p identity.Principal, size int64, sha256 string) (WatchlistUpload, error)
	// Load makes what was uploaded the newest edition, or lets it wait. Errors: NotFound, Invalid, TooLarge, Conflict.
	Load(ctx context.Context, p identity.Principal, upload string) (Watchlist, error)
	// Release makes an edition that waits the current one. Errors: NotFound, NotReady, FourEyes, Conflict.
	Release(ctx context.Context, p identity.Principal, list, edition, comment string) (Watchlist, error)
	// Reject drops a waiting edition. Errors: NotFound, NotReady, Conflict.
	Reject(ctx context.Context, p identity.Principal, list, edition string) (Watchlist, error)
	// Rescreen has all kept subjects compared with a whole list. Errors: UnknownList, NotReady, Conflict.
	Rescreen(ctx context.Context, p identity.Principal, list string) (Watchlist, error)
	// Remove requests the removal of a list, or confirms that of another person. Errors: NotFound, FourEyes, Conflict.
	Remove(ctx context.Context, p identity.Principal, list string) (Watchlist, error)
	// Retain ends the wish to remove a list. Errors: NotFound, Conflict.
	Retain(ctx context.Context, p identity.Principal, list string) (Watchlist, error)
}

func (s *server) registerScreenings(api huma.API) {
	type screenIn struct {
		Body ScreeningRequest
	}
	create := op(Screening, "createScreening", "POST", "/v1/screenings", "Look for a person, an organization or a vessel on watch lists")
	create.Description = "Nothing is stored: neither the query nor the results. Work of source `screening` does the same for a case, and keeps its result with it."
	add(s, api, create, func(c ctx, in *screenIn) (*noStore[ScreeningResult], error) {
		hits, more, lists, err := s.Watchlists.Screen(c, principalOf(c).Tenant, in.Body)
		return &noStore[ScreeningResult]{"no-store", ScreeningResult{
			ID: s.NewID("screen"), Hits: list(hits), More: more, Editions: lists, ScreenedAt: s.Now().UTC().Truncate(time.Second),
		}}, err
	})
}

// OnWatchlist is the list of an operation's path.
type OnWatchlist struct {
	List    string `path:"list" minLength:"1" maxLength:"64" doc:"name of the list"`
	Edition string `path:"edition" minLength:"1" maxLength:"64" doc:"the edition"`
}

func (s *server) registerWatchlists(api huma.API) {
	add(s, api, op(Screening, "listWatchlists", "GET", "/v1/watchlists", "List the watch lists with their editions"), func(c ctx, _ *none) (*body[List[Watchlist]], error) {
		all, err := s.Watchlists.Lists(c, principalOf(c).Tenant)
		return wholeList(all), err
	})
	type uploadIn struct {
		Body struct {
			Size   int64  `json:"size" minimum:"1" doc:"bytes of the packed list"`
			SHA256 string `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"of the packed list, hexadecimal"`
		}
	}
	upload := op(Screening, "uploadWatchlist", "POST", "/v1/watchlist-uploads", "Announce the upload of a packed watch list").repeatable()
	upload.Description = "`ballerine watchlist load` packs a list, uploads it and loads it. The upload accepts exactly the announced bytes, within 15 minutes."
	add(s, api, upload, func(c ctx, in *uploadIn) (*body[WatchlistUpload], error) {
		offered, err := s.Watchlists.Offer(c, principalOf(c), in.Body.Size, in.Body.SHA256)
		return &body[WatchlistUpload]{offered}, err
	})
	type loadIn struct {
		Body struct {
			Upload string `json:"upload" minLength:"1" maxLength:"64" doc:"id of an upload that has arrived"`
		}
	}
	load := op(Screening, "loadWatchlist", "POST", "/v1/watchlists", "Load an uploaded watch list as the newest edition of the list that it names").repeatable()
	load.Description = "An edition with fewer than half of the entries of the current one waits until another person releases it; until then the current one is searched."
	add(s, api, load, func(c ctx, in *loadIn) (*body[Watchlist], error) {
		loaded, err := s.Watchlists.Load(c, principalOf(c), in.Body.Upload)
		return &body[Watchlist]{loaded}, err
	})
	type releaseIn struct {
		OnWatchlist
		Body struct {
			Comment string `json:"comment,omitempty" maxLength:"500"`
		}
	}
	add(s, api, op(Screening, "releaseWatchlist", "POST", "/v1/watchlists/{list}/editions/{edition}/release", "Make a waiting edition of a watch list, loaded by somebody else, the current one").repeatable(), func(c ctx, in *releaseIn) (*body[Watchlist], error) {
		loaded, err := s.Watchlists.Release(c, principalOf(c), in.List, in.Edition, in.Body.Comment)
		return &body[Watchlist]{loaded}, err
	})
	add(s, api, op(Screening, "rejectWatchlist", "POST", "/v1/watchlists/{list}/editions/{edition}/rejection", "Reject a waiting edition of a watch list").repeatable(), func(c ctx, in *OnWatchlist) (*body[Watchlist], error) {
		loaded, err := s.Watchlists.Reject(c, principalOf(c), in.List, in.Edition)
		return &body[Watchlist]{loaded}, err
	})
	s.registerWholeWatchlists(api)
}

// ofWatchlist is the list of an operation's path.
type ofWatchlist struct {
	List string `path:"list" minLength:"1" maxLength:"64" doc:"name of the list"`
}

func (s *server) registerWholeWatchlists(api huma.API) {
	for _, one := range []struct {
		id, path, summary string
		do                func(Watchlists, context.Context, identity.Principal, string) (Watchlist, error)
	}{
		{"rescreenWatchlist", "rescreening", "Screen all kept subjects against a watch list again", Watchlists.Rescreen},
		{"removeWatchlist", "removal", "Request the removal of a watch list, or confirm that of another person", Watchlists.Remove},
		{"retainWatchlist", "removal/rejection", "Keep a watch list whose removal was requested", Watchlists.Retain},
	} {
		add(s, api, op(Screening, one.id, "POST", "/v1/watchlists/{list}/"+one.path, one.summary).repeatable(), func(c ctx, in *ofWatchlist) (*body[Watchlist], error) {
			list, err := one.do(s.Watchlists, c, principalOf(c), in.List)
			return &body[Watchlist]{list}, err
		})
	}
}
