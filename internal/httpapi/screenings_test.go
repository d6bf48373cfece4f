package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
)

// watches loads an edition of a watch list with so many people, as ada. The first is Anna Keller.
func (h *house) watches(list, edition string, people int) object {
	h.t.Helper()
	l := screening.List{Name: list, Edition: edition}
	for i := range people {
		name := "Anna Keller"
		if i > 0 {
			name = fmt.Sprintf("Boris Petrov%c", 'a'+i)
		}
		l.Entries = append(l.Entries, screening.Entry{
			ID: fmt.Sprint(i), Kind: names.Person, Names: []screening.ListedName{{Text: name}}, Births: []screening.Birth{{From: 1970, To: 1970, Month: 3, Day: 25}}, Countries: []string{"CH"},
		})
	}
	packed, err := screening.Pack(l)
	h.must(err)
	upload := "upload_" + list + "_" + edition
	h.must(h.files.Put(h.t.Context(), "watchlists/uploads/t/"+upload, packed, ""))
	return h.made(http.StatusOK, "ada", "POST", "/v1/watchlists", object{"upload": upload})
}

func TestAPersonIsLookedForOnWatchLists(t *testing.T) {
	h := newHouse(t)
	who := object{"name": "Kelller, Anna", "birth_date": "1970-03-25", "country": "CH"}
	if none := h.made(http.StatusConflict, "client", "POST", "/v1/screenings", who); none["code"] != "unknown_list" {
		t.Errorf("without a list: %v", none)
	}
	h.watches("un", "1", 3)
	found := h.made(http.StatusOK, "client", "POST", "/v1/screenings", who)
	hits := found["hits"].([]any)
	if len(hits) != 1 || at(hits[0], "id") != "0" || at(hits[0], "list") != "un" || at(hits[0], "edition") != "1" || at(hits[0], "name") != "Anna Keller" || found["more"] != false || at(found, "list_editions", "un") != "1" {
		t.Errorf("%v", found)
	}
	if reasons := fmt.Sprint(at(hits[0], "reasons")); !strings.Contains(reasons, "1970-03-25") || !strings.Contains(reasons, "CH") {
		t.Errorf("%s", reasons)
	}
	many := h.made(http.StatusOK, "rita", "POST", "/v1/screenings", object{"name": "Boris Petrov", "limit": 1})
	if len(many["hits"].([]any)) != 1 || many["more"] != true {
		t.Errorf("%v", many)
	}
}

func TestWhatCannotBeLookedForIsRefusedWithItsPlace(t *testing.T) {
	h := newHouse(t)
	h.watches("un", "1", 3)
	for name, test := range map[string]struct {
		body object
		want string
	}{
		"no letter":     {object{"name": "--- \U0001F600"}, "body.name"},
		"too many":      {object{"name": strings.Repeat("Anna ", 30)}, "body.name"},
		"no date":       {object{"name": "Anna", "birth_date": "25.3.1970"}, "body.birth_date"},
		"no country":    {object{"name": "Anna", "country": "che"}, "body.country"},
		"no schema":     {object{"name": "Anna", "schema": "Ghost"}, "body.schema"},
		"low threshold": {object{"name": "Anna", "threshold": 0.1}, "body.threshold"},
	} {
		refused := h.made(http.StatusUnprocessableEntity, "client", "POST", "/v1/screenings", test.body)
		if fmt.Sprint(at(refused, "errors", 0, "location")) != test.want || strings.Contains(fmt.Sprint(refused), "25.3.1970") {
			t.Errorf("%s: %v", name, refused)
		}
	}
	if missing := h.made(http.StatusConflict, "client", "POST", "/v1/screenings", object{"name": "Anna", "lists": []string{"un", "eu"}}); missing["code"] != "unknown_list" || !strings.Contains(fmt.Sprint(missing["detail"]), "eu") {
		t.Errorf("%v", missing)
	}
}

func TestAListThatHasShrunkIsReleasedBySomebodyElse(t *testing.T) {
	h := newHouse(t)
	h.watches("un", "1", 5)
	if waits := h.watches("un", "2", 2); at(waits, "waiting", "edition") != "2" || at(waits, "current", "edition") != "1" || at(waits, "current", "loaded_by", "id") != "ada" {
		t.Fatalf("%v", waits)
	}
	release := "/v1/watchlists/un/editions/2/release"
	if refused := h.made(http.StatusConflict, "ada", "POST", release, object{}); refused["code"] != "four_eyes" {
		t.Errorf("%v", refused)
	}
	released := h.made(http.StatusOK, "mara", "POST", release, object{"comment": "they are off the list"})
	if at(released, "current", "edition") != "2" || at(released, "current", "released_by", "id") != "mara" || released["waiting"] != nil {
		t.Errorf("%v", released)
	}
	listed := h.made(http.StatusOK, "rita", "GET", "/v1/watchlists", nil)
	if at(listed, "data", 0, "name") != "un" || at(listed, "data", 0, "former", 0, "edition") != "1" {
		t.Errorf("%v", listed)
	}
	h.made(http.StatusConflict, "mara", "POST", "/v1/watchlists/un/editions/2/rejection", nil)
}

func TestAnUploadOfAWatchListIsAnnounced(t *testing.T) {
	h := newHouse(t)
	offered := h.made(http.StatusOK, "ada", "POST", "/v1/watchlist-uploads", object{"size": 10, "sha256": strings.Repeat("0", 64)})
	if !strings.HasPrefix(fmt.Sprint(offered["id"]), "upload_") || offered["url"] == "" {
		t.Errorf("%v", offered)
	}
	h.made(http.StatusNotFound, "ada", "POST", "/v1/watchlists", object{"upload": offered["id"]})
	h.made(http.StatusForbidden, "rita", "POST", "/v1/watchlists", object{"upload": offered["id"]})
}
