package screened_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"ballerine/internal/app/screened"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/screening"
	"ballerine/internal/screening/names"
	"ballerine/internal/watched"
	"ballerine/internal/watchlists/watchliststest"
)

func lists(t *testing.T, known watched.Store) *screened.Lists {
	t.Helper()
	files, made := &watchliststest.Memory{}, 0
	l := screened.New(screened.Config{Files: files, Known: known, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) }, NewID: func(prefix string) string { made++; return fmt.Sprintf("%s_%d", prefix, made) }})
	list := screening.List{Name: "un", Edition: "1"}
	for i, name := range []string{"Anna Keller", "Anna Keler", "Keller Shipping GmbH"} {
		kind := names.Person
		if i == 2 {
			kind = names.Organization
		}
		list.Entries = append(list.Entries, screening.Entry{ID: fmt.Sprint(i), Kind: kind, Names: []screening.ListedName{{Text: name}}})
	}
	packed, err := screening.Pack(list)
	if err == nil {
		err = files.Put(t.Context(), "watchlists/uploads/t/upload_1", packed, "")
	}
	if err == nil {
		_, err = l.Load(t.Context(), identity.Principal{Tenant: "t", Kind: identity.User, ID: "ada"}, "upload_1")
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestACaseIsAskedWhatItsWorkflowNames(t *testing.T) {
	l := lists(t, nil)
	for name, test := range map[string]struct {
		fixed, with map[string]any
		want        []string
		more        bool
	}{
		"a person":                  {nil, map[string]any{"name": "Anna Keller", "birth_date": "1970"}, []string{"0", "1"}, false},
		"one hit":                   {map[string]any{"limit": 1}, map[string]any{"name": "Anna Keller"}, []string{"0"}, true},
		"a limit of the case":       {map[string]any{"limit": 1.0}, map[string]any{"name": "Anna Keller"}, []string{"0"}, true},
		"nearly the same only":      {map[string]any{"threshold": 1.0}, map[string]any{"name": "Anna Keller"}, []string{"0"}, false},
		"an organization":           {map[string]any{"schema": "Organization"}, map[string]any{"name": "Keller Shipping"}, []string{"2"}, false},
		"the schema of the case":    {nil, map[string]any{"name": "Keller Shipping", "schema": "Organization", "country": nil}, []string{"2"}, false},
		"a list that is there":      {map[string]any{"lists": []any{"un", "un"}}, map[string]any{"name": "Anna Keller", "schema": "Person"}, []string{"0", "1"}, false},
		"somebody who is not there": {nil, map[string]any{"name": "Zoran Babic"}, []string{}, false},
	} {
		answer, err := l.ScreenCase(t.Context(), "t", "subj_1", 1, test.fixed, test.with)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		given := answer.(map[string]any)
		ids := []string{}
		for _, hit := range found(t, answer).Hits {
			ids = append(ids, hit.ID)
			if hit.Edition != "1" || hit.Version == "" || len(hit.Reasons) == 0 || hit.Asked == "" || hit.Before != nil {
				t.Errorf("%s: %+v", name, hit)
			}
		}
		if !reflect.DeepEqual(ids, test.want) || given["more"] != test.more || given["checked_at"] != "2026-03-04T05:06:07Z" {
			t.Errorf("%s: %v, %v", name, ids, given)
		}
	}
}

func TestWhatCannotBeScreenedIsAnErrorWithoutData(t *testing.T) {
	l := lists(t, nil)
	for name, test := range map[string]struct {
		tenant      string
		fixed, with map[string]any
		code        problem.Code
		place       string
	}{
		"no name":        {"t", nil, map[string]any{"country": "DE"}, problem.Invalid, "with.name"},
		"no text":        {"t", nil, map[string]any{"name": []any{"Mallory"}}, problem.Invalid, "with.name"},
		"no letters":     {"t", nil, map[string]any{"name": "???"}, problem.Invalid, "with.name"},
		"no date":        {"t", nil, map[string]any{"name": "Mallory", "birth_date": "Mallory"}, problem.Invalid, "with.birth_date"},
		"no country":     {"t", nil, map[string]any{"name": "Mallory", "country": "Mallory"}, problem.Invalid, "with.country"},
		"no schema":      {"t", nil, map[string]any{"name": "Mallory", "schema": "Mallory"}, problem.Invalid, "with.schema"},
		"no list":        {"t", map[string]any{"lists": []any{"un", "eu"}}, map[string]any{"name": "Mallory"}, problem.UnknownList, ""},
		"another tenant": {"u", nil, map[string]any{"name": "Mallory"}, problem.UnknownList, ""},
	} {
		_, err := l.ScreenCase(context.Background(), test.tenant, "subj_1", 1, test.fixed, test.with)
		p := problem.As(err)
		if problem.CodeOf(err) != test.code || test.place != "" && (len(p.Fields) == 0 || p.Fields[0].Location != test.place) || strings.Contains(fmt.Sprint(err, p.Fields), "Mallory") {
			t.Errorf("%s: %v %v", name, err, p.Fields)
		}
	}
}
