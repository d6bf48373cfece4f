package httpapi

import (
	"net/http/httptest"
	"testing"

	"ballerine/internal/problem"
)

func TestAProblemShowsWhenToComeAgain(t *testing.T) {
	for want, err := range map[string]error{
		"17": problem.New(problem.RateLimited, "Wait.").Detail("retry_after_seconds", 17),
		"1":  problem.New(problem.Unavailable, "Wait."),
		"":   problem.New(problem.NotFound, "There is none.").Detail("retry_after_seconds", 17),
	} {
		w := httptest.NewRecorder()
		writeProblem(t.Context(), w, err)
		if got := w.Header().Get("Retry-After"); got != want || w.Code != problem.CodeOf(err).Status() {
			t.Errorf("%v: %d, Retry-After %q, want %q", err, w.Code, got, want)
		}
	}
}
