package local_test

import (
	"net/http"
	"testing"

	"ballerine/internal/screening"
)

// TestNobodyIsTwoPeopleByAKeyOfTheirs takes keys that the API has made: nothing about their makers is set by the test.
func TestNobodyIsTwoPeopleByAKeyOfTheirs(t *testing.T) {
	s := newSystem(t, t.TempDir())
	defer s.stop()
	create := func(credential, name string) (id, secret string) {
		t.Helper()
		status, key := s.with(credential, "POST", "/v1/keys", map[string]any{"name": name, "scopes": []string{"*"}})
		if status != http.StatusCreated {
			t.Fatalf("%d %v", status, key)
		}
		return key["id"].(string), key["secret"].(string)
	}
	first, own := create(s.token("admin"), "own")
	_, grandchild := create(own, "made by a key")
	list := func(name, edition string, people ...string) screening.List {
		l := watched(edition, people...)
		l.Name = name
		return l
	}
	for name, credential := range map[string]string{"by-a-key": own, "by-a-key-of-a-key": grandchild} {
		s.watch(list(name, "1", "Anna Keller", "Boris Petrov", "Carla Diaz"))
		for _, attempt := range []string{"loaded", "loaded again"} { // what was rejected comes again with the key
			if loaded := s.watchWith(credential, list(name, "2", "Anna Keller")); loaded["waiting"] == nil {
				t.Fatalf("%v", loaded)
			}
			status, answer := s.call("admin", "POST", "/v1/watchlists/"+name+"/editions/2/release", map[string]any{})
			s.is(name+": who has made the key releases what it has "+attempt, status, answer, http.StatusConflict, "four_eyes")
			status, answer = s.call("admin", "POST", "/v1/watchlists/"+name+"/editions/2/rejection", map[string]any{})
			s.is(name+": and rejects it", status, answer, http.StatusOK, "")
		}
		status, answer := s.with(credential, "POST", "/v1/watchlists/"+name+"/removal", map[string]any{})
		s.is(name+": the key asks for the removal", status, answer, http.StatusOK, "")
		status, answer = s.call("admin", "POST", "/v1/watchlists/"+name+"/removal", map[string]any{})
		s.is(name+": who has made the key confirms", status, answer, http.StatusConflict, "four_eyes")
		status, answer = s.call("manager", "POST", "/v1/watchlists/"+name+"/removal", map[string]any{})
		s.is(name+": somebody else confirms", status, answer, http.StatusOK, "")
	}
	s.watch(list("rotated", "1", "Anna Keller", "Boris Petrov", "Carla Diaz"))
	s.watchWith(own, list("rotated", "2", "Anna Keller"))
	if status, answer := s.with(grandchild, "POST", "/v1/keys/"+first+"/rotate", map[string]any{}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	status, answer := s.call("admin", "POST", "/v1/watchlists/rotated/editions/2/release", map[string]any{})
	s.is("a rotation makes the maker nobody else", status, answer, http.StatusConflict, "four_eyes")
	status, answer = s.call("manager", "POST", "/v1/watchlists/rotated/editions/2/release", map[string]any{})
	s.is("somebody else releases", status, answer, http.StatusOK, "")
}
