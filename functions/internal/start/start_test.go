package start_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"ballerine/functions/internal/start"
	"ballerine/internal/problem"
)

func TestErrorsHaveTheirCodeAndUnknownOnesAreHidden(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("call: %w", problem.New(problem.VendorUnavailable, "No answer.")), "vendor_unavailable"},
		{errors.New("secret text"), "internal"},
	} {
		handler := start.Named(func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, test.err })
		_, err := handler(t.Context(), nil)
		var named messages.InvokeResponse_Error
		if !errors.As(err, &named) || named.Type != test.want || strings.Contains(named.Message, "secret") {
			t.Errorf("%#v, want %s", err, test.want)
		}
	}
}
