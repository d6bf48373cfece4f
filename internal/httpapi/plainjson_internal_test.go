package httpapi

import (
	"strings"
	"testing"

	"ballerine/internal/problem"
)

func TestBodiesThatAreReadInTwoWaysAreRefused(t *testing.T) {
	for body, field := range map[string]string{
		"{\"input\":{\"e\":\"jos\xe9@x.com\"}}": "body", `{"input":{"e":"\ud800"}}`: "body.input.e", `{"input":{"e":"a","e":"b"}}`: "body.input.e", `{"input":{"e":"a\u0000"}}`: "body.input.e",
	} {
		err := problem.As(plainJSON([]byte(body)))
		if err == nil || err.Code != problem.MalformedJSON || len(err.Fields) != 1 || err.Fields[0].Location != field {
			t.Errorf("%q: %+v", body, err)
		}
	}
	deep := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	for body, field := range map[string]string{
		`{"context":{"amount":9007199254740993}}`: "body.context.amount", `{"payload":[1e400]}`: "body.payload[0]",
		`{"v":` + deep(64) + `}`: "body.v" + strings.Repeat("[0]", 63), `{"v":` + deep(20_000) + `}`: "body.v" + strings.Repeat("[0]", 63),
	} {
		if err := problem.As(plainJSON([]byte(body))); err == nil || err.Code != problem.Invalid || len(err.Fields) != 1 || err.Fields[0].Location != field {
			t.Errorf("%.60q: %+v", body, err)
		}
	}
	if err := plainJSON([]byte(`{"v":` + deep(63) + `,"n":[9007199254740991,0.1,-1e3]}`)); err != nil {
		t.Error(err)
	}
	if err := plainJSON([]byte(`{"input":{"e":"josé@x.com","f":"\u00e9"}}`)); err != nil {
		t.Error(err)
	}
}
