package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"ballerine/internal/problem"
)

func TestARefusedKeyShowsWhereAnotherIsGiven(t *testing.T) {
	for body, code := range map[string]problem.Code{
		`{"code":"credentials_expired","detail":"The credential has expired."}`: problem.CredentialsExpired,
		`{"message":"Unauthorized"}`: problem.Unauthenticated, // API Gateway's own
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(body))
		}))
		_, err := remote{server.URL, "key"}.show(t.Context(), "case_1")
		server.Close()
		if problem.CodeOf(err) != code || !strings.Contains(err.Error(), "BALLERINE_API_KEY") {
			t.Errorf("%s: %v", body, err)
		}
	}
}
