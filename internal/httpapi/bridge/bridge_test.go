package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"ballerine/internal/httpapi"
	"ballerine/internal/identity"
	"ballerine/internal/keyring"
	"ballerine/internal/problem"
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
	in.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: contextOf(identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1"})}
	if out, _ = h(context.Background(), in); out.StatusCode != 403 {
		t.Fatal("a client at an applicant's operation", out)
	}
}

// TestAFunctionRefusesWhatIsNotWhollyAPrincipal hands on what an authorizer could, and what none should.
func TestAFunctionRefusesWhatIsNotWhollyAPrincipal(t *testing.T) {
	h, in := health(t)
	in.RawPath, in.Headers = "/v1/flow/case", map[string]string{"authorization": "Bearer blr_0123456789AB_0123456789012345678901234567890123456789abc"}
	whole := func(changes ...any) map[string]any {
		c := contextOf(identity.Principal{Tenant: "t", Kind: identity.Client, ID: "key_1", Scopes: []string{"*"}})
		for i := 0; i+1 < len(changes); i += 2 {
			if c[changes[i].(string)] = changes[i+1]; changes[i+1] == nil {
				delete(c, changes[i].(string))
			}
		}
		return c
	}
	for name, x := range map[string]struct {
		context   map[string]any
		status    int
		challenge string
	}{
		"a principal that may not":     {whole(), 403, `Bearer error="insufficient_scope", scope="flow:use"`},
		"nothing":                      {nil, 401, "Bearer"},
		"an empty context":             {map[string]any{}, 401, "Bearer"},
		"none was sent":                {map[string]any{refused: "unauthenticated"}, 401, "Bearer"},
		"not valid":                    {map[string]any{refused: "invalid_credentials"}, 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"expired":                      {map[string]any{refused: "credentials_expired"}, 401, `Bearer error="invalid_token", error_description="Credentials expired"`},
		"revoked":                      {map[string]any{refused: "credentials_revoked"}, 401, `Bearer error="invalid_token", error_description="Credentials revoked"`},
		"a reason that there is not":   {map[string]any{refused: "internal"}, 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"a reason that is no text":     {map[string]any{refused: true}, 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"a reason that is empty":       {whole(refused, ""), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"a reason beside a principal":  {whole(refused, "credentials_expired"), 401, `Bearer error="invalid_token", error_description="Credentials expired"`},
		"no tenant":                    {whole("tenant", ""), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"no id":                        {whole("id", ""), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"a kind that there is not":     {whole("kind", "root"), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"the machine itself":           {whole("kind", "system"), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"a vendor":                     {whole("kind", "vendor", "case", "c"), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"an applicant without a case":  {whole("kind", "applicant"), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"scopes are missing":           {whole("scopes", nil), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"scopes are a list":            {whole("scopes", []any{"cases:read"}), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"a client with roles":          {whole("roles", "admin"), 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
		"only what is not a principal": {map[string]any{"principalId": "x"}, 401, `Bearer error="invalid_token", error_description="Invalid credentials"`},
	} {
		in.RequestContext.Authorizer = nil
		if x.context != nil {
			in.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: x.context}
		}
		out, _ := h(context.Background(), in)
		if out.StatusCode != x.status || out.Headers["Www-Authenticate"] != x.challenge || out.Headers["Content-Type"] != "application/problem+json" {
			t.Errorf("%s: %d %v %s", name, out.StatusCode, out.Headers, out.Body)
		}
	}
}

// store has one key, of a person who may be gone.
type store struct {
	identity.Store
	key identity.Key
	err error
}

func (s *store) KeyByPrefix(context.Context, string) (identity.Key, error) {
	return s.key, s.err
}

func (s *store) PutKey(_ context.Context, _ int, k identity.Key) error { s.key = k; return nil }

func (s *store) User(_ context.Context, tenant, id string) (identity.Person, error) {
	return identity.Person{ID: id, Tenant: tenant, Roles: []string{"admin"}}, nil
}

func (s *store) PutUser(context.Context, identity.Person) error { return nil }

// TestRefusalsPassTheAuthorizerMarkedAndOutagesDoNot goes from the credential to the answer, as on AWS.
func TestRefusalsPassTheAuthorizerMarkedAndOutagesDoNot(t *testing.T) {
	h, in := health(t)
	in.RawPath = "/v1/flow/case"
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	kept := &store{}
	keys := identity.NewKeys(identity.KeysConfig{Store: kept, Now: func() time.Time { return now }})
	_, text, err := keys.Create(t.Context(), identity.Principal{Tenant: "t", Kind: identity.User, ID: "ada", Roles: []string{"admin"}}, identity.CreateKey{ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Of(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	tokens := identity.NewTokens(func() time.Time { return now }, ring)
	flow, err := tokens.Flow(identity.Principal{Tenant: "t"}, "case_1", "flow_1", now.Add(-time.Second))
	if err != nil {
		t.Fatal(err)
	}
	authorize := Authorizer(&identity.Authenticator{Keys: keys, Tokens: tokens})
	answer := func(authorization string) (int, string) {
		t.Helper()
		a, err := authorize(t.Context(), events.APIGatewayV2CustomAuthorizerV2Request{IdentitySource: []string{authorization}, Headers: map[string]string{"authorization": authorization}})
		if err != nil {
			return 0, ""
		}
		if !a.IsAuthorized {
			t.Error("API Gateway answers by itself")
		}
		in.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: a.Context}
		out, _ := h(t.Context(), in)
		var p struct{ Code string }
		if err := json.Unmarshal([]byte(out.Body), &p); err != nil {
			t.Fatal(err)
		}
		return out.StatusCode, p.Code
	}
	is := func(name, authorization string, status int, code string) {
		t.Helper()
		if gotStatus, got := answer(authorization); gotStatus != status || got != code {
			t.Errorf("%s: %d %s, want %d %s", name, gotStatus, got, status, code)
		}
	}
	is("a good key", "Bearer "+text, 403, "forbidden")
	is("another scheme", "Basic eDp5", 401, "unauthenticated")
	is("no credential", "Bearer ", 401, "unauthenticated")
	is("nonsense", "Bearer x", 401, "invalid_credentials")
	is("a JWT of nobody", "Bearer e30.eyJpc3MiOiJ4In0.x", 401, "invalid_credentials")
	is("another secret", "Bearer "+text[:len(text)-1]+map[bool]string{true: "0", false: "1"}[text[len(text)-1] == '1'], 401, "invalid_credentials")
	is("an old flow token", "Bearer "+flow, 401, "credentials_expired")
	is("a forged flow token", "Bearer "+flow+"x", 401, "invalid_credentials")
	kept.err = problem.New(problem.Unavailable, "away")
	is("the store is away", "Bearer "+text, 0, "") // an error of the authorizer: 500, and not cached
	kept.err = nil
	now = now.Add(time.Hour)
	is("an expired key", "Bearer "+text, 401, "credentials_expired")
	kept.key.RevokedAt = now
	is("a revoked key", "Bearer "+text, 401, "credentials_revoked")
}

func BenchmarkGet(b *testing.B) {
	h, in := health(b)
	for b.Loop() {
		if out, _ := h(context.Background(), in); out.StatusCode != 200 {
			b.Fatal(out)
		}
	}
}

func TestTheAuthorizerHandsOnWhenATokenWasMade(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC)
	read := func(lambda map[string]any) (identity.Principal, error) {
		return whoIs(&events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: lambda})
	}
	user := identity.Principal{Tenant: "t", Kind: identity.User, ID: "ada", Roles: []string{"admin"}, IssuedAt: at}
	if p, err := read(contextOf(user)); err != nil || !p.IssuedAt.Equal(at) {
		t.Errorf("%+v %v", p, err)
	}
	former := contextOf(user) // of an authorizer that has not been updated yet
	delete(former, "issued_at")
	if p, err := read(former); err != nil || !p.IssuedAt.IsZero() {
		t.Errorf("%+v %v", p, err)
	}
	garbled := contextOf(user)
	garbled["issued_at"] = "soon"
	if _, err := read(garbled); problem.CodeOf(err) != problem.InvalidCredentials {
		t.Errorf("%v", err)
	}
}
