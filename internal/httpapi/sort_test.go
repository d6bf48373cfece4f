package httpapi_test

import (
	"slices"
	"testing"
	"time"
)

func TestListsAreNarrowedByOutcomeTagsRisksAndSecondPerson(t *testing.T) {
	b := newBack(t)
	open, decided := b.waiting("ada"), b.waiting("bob")
	b.ok("rita", "POST", "/v1/cases/"+decided+"/decisions", `{"event":"approve"}`, "If-Match", `"2"`)
	for query, want := range map[string][]string{
		"outcome=approved": {decided}, "outcome=rejected": nil, "tag=manual_review": {open}, "tag=manual_review&tag=other": nil,
		"risk=none&risk=high": {decided, open}, "risk=high&risk=critical": nil, "sort=-risk": {open}, "sort=risk&risk=none": {open}, "second_person=true": nil,
	} {
		var got []string
		for _, one := range b.ok("rita", "GET", "/v1/cases?"+query, "")["data"].([]any) {
			got = append(got, one.(map[string]any)["id"].(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
}

func TestCasesAreListedByTheirNewestChange(t *testing.T) {
	b := newBack(t)
	first := b.waiting("ada")
	b.now = b.now.Add(time.Minute)
	second := b.waiting("bob")
	b.now = b.now.Add(time.Minute)
	b.call("client", "POST", "/v1/cases/"+first+"/notes", `{"text":"seen"}`)
	changed := b.now
	for query, want := range map[string][]string{
		"sort=updated_at": {second, first}, "sort=-updated_at": {first, second}, "sort=created_at": {first, second},
		"sort=updated_at&updated_after=" + changed.Format(time.RFC3339): {first}, "sort=-updated_at&updated_after=" + changed.Format(time.RFC3339): {first},
		"sort=-updated_at&q=bob": {second},
	} {
		var got []string
		for cursor := ""; ; {
			page := b.ok("rita", "GET", "/v1/cases?limit=1&"+query+cursor, "")
			for _, one := range page["data"].([]any) {
				got = append(got, one.(map[string]any)["id"].(string))
			}
			if page["next_cursor"] == nil {
				break
			}
			cursor = "&cursor=" + page["next_cursor"].(string)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s lists %v, want %v", query, got, want)
		}
	}
}
