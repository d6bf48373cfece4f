package workflow

import (
	"reflect"
	"strings"
	"testing"

	"ballerine/internal/policy/rules"
)

func TestGuardsMayReadEveryMemberOfAPolicysAnswer(t *testing.T) {
	known, _ := answerSchema()["properties"].(map[string]any)
	answer := reflect.TypeFor[rules.Answer]()
	for i := range answer.NumField() {
		name, _, _ := strings.Cut(answer.Field(i).Tag.Get("json"), ",")
		if _, ok := known[name]; !ok {
			t.Errorf("%s of an answer cannot be read", name)
		}
	}
}
