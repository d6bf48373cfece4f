package bridge

import (
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
)

func health(tb testing.TB) (Handler, events.APIGatewayV2HTTPRequest) {
	h, err := httpapi.New(httpapi.Config{Operations: httpapi.AllOperations(), Secret: make([]byte, 32)})
	if err != nil {
		tb.Fatal(err)
	}
	in := events.APIGatewayV2HTTPRequest{RawPath: "/v1/health"}
	in.RequestContext.HTTP.Method, in.RequestContext.RequestID = http.MethodGet, "gw-1"
	return New(h), in
}

func TestPrincipalComesFromTheAuthorizerOnly(t *testing.T) {
	h, in := health(t)
	out, _ := h(context.Background(), in)
	if out.StatusCode != 200 || out.Headers["X-Request-Id"] != "gw-1" {
		t.Fatal(out)
	}
	in.RawPath = "/v1/flow/case"
	if out, _ = h(context.Background(), in); out.StatusCode != 401 {
		t.Fatal("without an authorizer", out)
	}
	in.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: Context(identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"})}
	if out, _ = h(context.Background(), in); out.StatusCode != 403 {
		t.Fatal("a client at an applicant's operation", out)
	}
}

func BenchmarkGet(b *testing.B) {
	h, in := health(b)
	for b.Loop() {
		if out, _ := h(context.Background(), in); out.StatusCode != 200 {
			b.Fatal(out)
		}
	}
}
