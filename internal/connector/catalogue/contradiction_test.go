package catalogue

import (
	"errors"
	"testing"

	"ballerine/internal/connector"
)

// against are members of answers that speak against somebody, whatever else is there: paths from the answer or callback.
var against = map[string][]struct {
	path  []any
	value any
}{
	"onfido": {
		{[]any{"payload", "resource", "status"}, "declined"},
		{[]any{"payload", "resource", "reasons"}, []any{"document_fraud"}},
		{[]any{"payload", "object", "status"}, "declined"},
	},
	"stripe-identity": {
		{[]any{"type"}, "identity.verification_session.canceled"},
		{[]any{"data", "object", "last_error"}, map[string]any{"code": "document_expired"}},
		{[]any{"livemode"}, false},
	},
	"sumsub": {
		{[]any{"reviewResult", "rejectLabels"}, []any{"FORGERY"}},
		{[]any{"reviewResult", "reviewRejectType"}, "RETRY"},
		{[]any{"reviewStatus"}, "pending"},
		{[]any{"sandboxMode"}, true},
	},
	"veriff": {
		{[]any{"verification", "code"}, 9102},
		{[]any{"verification", "reasonCode"}, 102},
		{[]any{"verification", "reason"}, "Suspected document tampering"},
		{[]any{"status"}, "fail"},
	},
	"persona": {
		{[]any{"data", "attributes", "name"}, "inquiry.declined"},
		{[]any{"data", "attributes", "payload", "data", "attributes", "status"}, "failed"},
	},
	"opencorporates": {
		{[]any{"results", "company", "current_status"}, "In Liquidation"},
		{[]any{"results", "company", "current_status"}, "Dissolved"},
		{[]any{"results", "company", "inactive"}, true},
		{[]any{"results", "company", "dissolution_date"}, "2025-01-02"},
		{[]any{"results", "company", "has_been_liquidated"}, true},
	},
	"gleif": {
		{[]any{"data", 0, "attributes", "registration", "status"}, "ANNULLED"},
		{[]any{"data", 0, "attributes", "registration", "status"}, "DUPLICATE"},
		{[]any{"data", 0, "attributes", "registration", "status"}, "PENDING_VALIDATION"},
		{[]any{"data", 0, "attributes", "entity", "expiration"}, map[string]any{"date": "2025-01-02T00:00:00Z"}},
	},
	"companies-house": {
		{[]any{"company_status_detail"}, "petition-to-wind-up"},
		{[]any{"date_of_cessation"}, "2025-01-02"},
		{[]any{"has_been_liquidated"}, true},
	},
	"kyckr": {
		{[]any{"data", 0, "status"}, "In Liquidation"},
	},
}

// TestWhatSpeaksAgainstSomebodyIsNeverGood puts each of them into every answer that speaks for somebody.
func TestWhatSpeaksAgainstSomebodyIsNeverGood(t *testing.T) {
	for _, e := range all(t) {
		if e.Shape != "identity/1" && e.Shape != "registry/1" {
			continue
		}
		if len(against[e.ID]) == 0 {
			t.Errorf("%s: nothing that speaks against somebody is known", e.ID)
		}
		judged := good[e.Shape]
		for _, c := range casesOf(t, e) {
			if value, _ := c.value(t, e, judged.field); value != judged.value {
				continue
			}
			for _, a := range against[e.ID] {
				changed := c
				if c.Callback != nil {
					changed.Callback = with(c.Callback, a.path, a.value)
				} else {
					changed.Answer.Body = with(c.Answer.Body, a.path, a.value)
				}
				value, err := changed.value(t, e, judged.field)
				if value == judged.value || err != nil && !errors.Is(err, connector.ErrNotAnAnswer) {
					t.Errorf("%s: %s: %v, and %v is %v: %v %v", e.ID, c.Name, judged.value, a.path, a.value, value, err)
				}
			}
		}
	}
}

// with is a copy of a value in which a member, which may be new, is another one.
func with(value any, path []any, member any) any {
	if len(path) == 0 {
		return member
	}
	switch step := path[0].(type) {
	case int:
		list, _ := value.([]any)
		list = append([]any{}, list...)
		list[step] = with(list[step], path[1:], member)
		return list
	case string:
		object := map[string]any{}
		old, _ := value.(map[string]any)
		for name, kept := range old {
			object[name] = kept
		}
		object[step] = with(object[step], path[1:], member)
		return object
	default:
		return value
	}
}
