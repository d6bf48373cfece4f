package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ballerine/internal/store/embedded"
)

// notified are the person's notifications, as "kind" or "kind read", newest first, and how many are unread.
func (b *back) notified(who string) (kinds []string, unread int) {
	b.t.Helper()
	body := b.ok(who, "GET", "/v1/notifications", "")
	for _, one := range body["data"].([]any) {
		n := one.(map[string]any)
		kind := fmt.Sprint(n["kind"])
		if n["read"] == true {
			kind += " read"
		}
		kinds = append(kinds, kind)
	}
	queue := b.ok(who, "GET", "/v1/queue", "")["data"].(map[string]any)
	if queue["notifications"] != body["unread"] {
		b.t.Errorf("the queue counts %v, and %v are unread", queue["notifications"], body["unread"])
	}
	return kinds, int(body["unread"].(float64))
}

func (b *back) wantNotified(who string, unread int, want ...string) {
	b.t.Helper()
	if kinds, number := b.notified(who); !slices.Equal(kinds, want) || number != unread {
		b.t.Errorf("%s has %v, %d unread; want %v, %d", who, kinds, number, want, unread)
	}
}

func TestAMentionNotifiesAndIsReadOnce(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/notes", `{"text":"@dana","mentions":["dana"]}`), http.StatusUnprocessableEntity)
	b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/notes", `{"text":"@nobody","mentions":["nobody"]}`), http.StatusUnprocessableEntity)
	b.answer(b.call("rita", "POST", "/v1/cases/"+id+"/notes", `{"text":"@robin, please look","mentions":["robin","rita"]}`), http.StatusCreated)
	b.now = b.now.Add(time.Minute)
	b.ok("mara", "PUT", "/v1/cases/"+id+"/assignee", `{"user":"robin"}`)
	b.wantNotified("robin", 2, "assigned", "mentioned")
	b.wantNotified("rita", 0)
	first := b.ok("robin", "GET", "/v1/notifications", "")["data"].([]any)[0].(map[string]any)
	if first["subject"] != "Ann" || first["case"] != id || first["by"].(map[string]any)["id"] != "mara" {
		t.Errorf("%v", first)
	}
	b.answer(b.call("robin", "PUT", "/v1/notifications/read", fmt.Sprintf(`{"ids":[%q,"none"]}`, first["id"])), http.StatusNoContent)
	b.wantNotified("robin", 1, "assigned read", "mentioned")
	b.answer(b.call("robin", "PUT", "/v1/notifications/read", fmt.Sprintf(`{"until":%q}`, b.now.Add(time.Hour).Format(time.RFC3339))), http.StatusNoContent)
	b.wantNotified("robin", 0, "assigned read", "mentioned read")
	b.now = b.now.Add(time.Minute) // all that was to come is still unread
	b.ok("mara", "PUT", "/v1/cases/"+id+"/assignee", `{"user":"rita"}`)
	b.ok("mara", "PUT", "/v1/cases/"+id+"/assignee", `{"user":"robin"}`)
	b.wantNotified("robin", 1, "assigned", "assigned read", "mentioned read")
	b.now = b.now.Add(31 * 24 * time.Hour)
	b.wantNotified("robin", 0)
}

func TestANoteIsEditedThroughTheInterface(t *testing.T) {
	b := newBack(t)
	path := "/v1/cases/" + b.waiting("Ann") + "/notes"
	note := b.answer(b.call("rita", "POST", path, `{"text":"a tpyo"}`), http.StatusCreated)["id"].(string)
	if edited := b.ok("rita", "PUT", path+"/"+note, `{"text":"a typo"}`); edited["text"] != "a typo" || edited["edited_at"] == nil {
		t.Errorf("%v", edited)
	}
	b.answer(b.call("robin", "PUT", path+"/"+note, `{"text":"mine"}`), http.StatusForbidden)
	b.now = b.now.Add(61 * time.Second)
	if refused := b.answer(b.call("rita", "PUT", path+"/"+note, `{"text":"late"}`), http.StatusConflict); refused["code"] != "note_final" {
		t.Errorf("%v", refused)
	}
}

func TestASnoozedCaseReturnsByItselfAndNotifies(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	until := b.now.Add(time.Hour).Format(time.RFC3339)
	one := b.ok("rita", "PUT", "/v1/cases/"+id+"/snooze", fmt.Sprintf(`{"until":%q}`, until))
	if asleep, _ := one["snooze"].(map[string]any); asleep == nil || asleep["by"].(map[string]any)["id"] != "rita" || asleep["until"] != until {
		t.Errorf("%v", one["snooze"])
	}
	listed := func(query string) int { return len(b.ok("robin", "GET", "/v1/cases?"+query, "")["data"].([]any)) }
	if listed("snoozed=false") != 0 || listed("snoozed=true") != 1 || listed("status=active") != 1 {
		t.Error("it is not where it should be while it is snoozed")
	}
	b.wantNotified("rita", 0)
	b.now = b.now.Add(time.Hour)
	b.wantNotified("rita", 1, "returned")
	if listed("snoozed=false") != 1 || listed("snoozed=true") != 0 || b.ok("robin", "GET", "/v1/cases/"+id, "")["snooze"] != nil {
		t.Error("it has not returned")
	}
	b.answer(b.call("otto", "PUT", "/v1/cases/"+id+"/snooze", `{"until":"2026-03-04T09:00:00Z"}`), http.StatusForbidden)
}

func TestAnEscalationReachesThoseWhoApprove(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	b.ok("rita", "PUT", "/v1/cases/"+id+"/escalation", `{"reason":"The owner is a former minister"}`)
	b.wantNotified("mara", 1, "escalated")
	b.wantNotified("robin", 0)
	if data := b.ok("mara", "GET", "/v1/cases?escalated=true", "")["data"].([]any); len(data) != 1 {
		t.Errorf("%v", data)
	}
	if w := b.call("dana", "GET", "/v1/cases/"+id, ""); strings.Contains(w.Body.String(), "minister") {
		t.Errorf("the reason is shown to who does not see personal data: %s", w.Body)
	}
	b.answer(b.call("robin", "DELETE", "/v1/cases/"+id+"/escalation", ""), http.StatusForbidden)
	b.ok("mara", "DELETE", "/v1/cases/"+id+"/escalation", "")
	b.wantNotified("mara", 0)
}

func TestAClaimedCaseIsDecidedByItsHolderUnlessTakenOver(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	path := "/v1/cases/" + id
	look := func(who, editing string) any {
		return b.ok(who, "PUT", path+"/presence", `{"editing":`+editing+`}`)["claim"]
	}
	decide := func(who string) int {
		return b.call(who, "POST", path+"/decisions", `{"event":"reject","reason":"other"}`, "If-Match", fmt.Sprintf("%q", fmt.Sprint(b.version(id)))).Code
	}
	if look("robin", "false") != nil {
		t.Error("looking claims")
	}
	if claim, _ := look("rita", "true").(map[string]any); claim["user"] != "rita" {
		t.Errorf("%v", claim)
	}
	if claim, _ := look("robin", "true").(map[string]any); claim["user"] != "rita" {
		t.Errorf("who comes second has it: %v", claim)
	}
	if refused := b.answer(b.call("robin", "PUT", path+"/claim", `{}`), http.StatusConflict); refused["code"] != "claimed" {
		t.Errorf("%v", refused)
	}
	if got := decide("robin"); got != http.StatusConflict {
		t.Errorf("a decision beside the claim: %d", got)
	}
	b.ok("robin", "PUT", path+"/claim", `{"take_over":true}`)
	if got := decide("rita"); got != http.StatusConflict {
		t.Errorf("a decision after it was taken over: %d", got)
	}
	b.now = b.now.Add(25 * time.Second)
	look("robin", "true") // still deciding
	b.now = b.now.Add(25 * time.Second)
	if claim, _ := look("rita", "true").(map[string]any); claim["user"] != "robin" {
		t.Errorf("it has not gone on: %v", claim)
	}
	b.now = b.now.Add(31 * time.Second)
	if claim, _ := look("rita", "true").(map[string]any); claim["user"] != "rita" {
		t.Errorf("it has not ended: %v", claim)
	}
	b.answer(b.call("rita", "DELETE", path+"/presence", ""), http.StatusNoContent)
	if look("robin", "false") != nil {
		t.Error("leaving has not ended the claim")
	}
	b.answer(b.call("otto", "PUT", path+"/claim", `{}`), http.StatusForbidden)
	b.ok("robin", "PUT", path+"/assignee", `{"user":"robin"}`)
	if claim, _ := look("rita", "false").(map[string]any); claim["user"] != "robin" {
		t.Errorf("taking a case has not claimed it: %v", claim)
	}
	if got := decide("robin"); got != http.StatusOK {
		t.Errorf("its holder's decision: %d", got)
	}
}

func TestLookingAloneLetsAClaimEnd(t *testing.T) {
	b := newBack(t)
	path := "/v1/cases/" + b.waiting("Ann")
	b.ok("rita", "PUT", path+"/presence", `{"editing":true}`)
	for range 2 {
		b.now = b.now.Add(20 * time.Second)
		b.ok("rita", "PUT", path+"/presence", `{"editing":false}`)
	}
	if claim, _ := b.ok("robin", "PUT", path+"/presence", `{"editing":true}`)["claim"].(map[string]any); claim["user"] != "robin" {
		t.Errorf("%v", claim)
	}
}

func TestADecisionEndsTheClaimOfWhoHasDecided(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	path := "/v1/cases/" + id
	b.ok("rita", "PUT", path+"/presence", `{"editing":true}`)
	b.ok("rita", "POST", path+"/decisions", `{"event":"reject","reason":"other","undo_seconds":20}`, "If-Match", fmt.Sprintf("%q", fmt.Sprint(b.version(id))))
	if claim := b.ok("robin", "PUT", path+"/presence", `{"editing":false}`)["claim"]; claim != nil {
		t.Errorf("%v", claim)
	}
}

func TestAKeyDecidesUnlessTheHolderOfTheClaimIsDeciding(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	path := "/v1/cases/" + id
	decide := func() int {
		return b.call("key cases:decide cases:read", "POST", path+"/decisions", `{"event":"reject","reason":"other","on_behalf_of":"person_1"}`, "If-Match", fmt.Sprintf("%q", fmt.Sprint(b.version(id)))).Code
	}
	b.ok("rita", "PUT", path+"/presence", `{"editing":true}`)
	if got := decide(); got != http.StatusConflict {
		t.Errorf("while rita decides: %d", got)
	}
	b.ok("rita", "PUT", path+"/presence", `{"editing":false}`)
	if got := decide(); got != http.StatusOK {
		t.Errorf("while rita looks: %d", got)
	}
}

func TestADocumentOfAClaimedCaseIsDecidedByTheHolder(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	path := "/v1/cases/" + id
	b.ok("rita", "PUT", path+"/presence", `{"editing":true}`)
	refused := b.answer(b.call("robin", "POST", path+"/documents/doc_1/decision", `{"decision":"approved"}`, "If-Match", fmt.Sprintf("%q", fmt.Sprint(b.version(id)))), http.StatusConflict)
	if refused["code"] != "claimed" {
		t.Errorf("%v", refused)
	}
}

func TestAClaimIsTakenOverWithItsEntryOrNotAtAll(t *testing.T) {
	b := newBack(t)
	id := b.waiting("Ann")
	path := "/v1/cases/" + id
	b.ok("rita", "PUT", path+"/presence", `{"editing":true}`)
	b.ok("mara", "POST", path+"/cancellation", `{"reason":"opened twice"}`, "If-Match", fmt.Sprintf("%q", fmt.Sprint(b.version(id))))
	b.answer(b.call("robin", "PUT", path+"/claim", `{"take_over":true}`), http.StatusConflict) // no entry can be written
	if claim, _ := b.ok("mara", "PUT", path+"/presence", `{"editing":false}`)["claim"].(map[string]any); claim["user"] != "rita" {
		t.Errorf("%v", claim)
	}
}

func TestADamagedCaseLeavesTheNotificationsReadable(t *testing.T) {
	b := newBack(t)
	good, damaged := b.waiting("Ann"), b.waiting("Ben")
	for _, id := range []string{good, damaged} {
		b.ok("mara", "PUT", "/v1/cases/"+id+"/assignee", `{"user":"robin"}`)
	}
	b.must(b.db.Update(t.Context(), func(tx *embedded.Tx) error {
		record := tx.Get("records", "t\x00"+damaged)
		tx.Put("records", "t\x00"+damaged, slices.Clone(record[:len(record)-2]))
		return nil
	}))
	subjects := map[string]any{}
	for _, one := range b.ok("robin", "GET", "/v1/notifications", "")["data"].([]any) {
		n := one.(map[string]any)
		subjects[n["case"].(string)] = n["subject"]
	}
	if len(subjects) != 2 || subjects[good] != "Ann" || subjects[damaged] != "" {
		t.Errorf("%v", subjects)
	}
}
