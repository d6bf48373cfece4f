package connector

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Requests and signatures are those of AWS' public documentation of Signature Version 4.
func TestRequestsAreSignedAsAWSDocumentsIt(t *testing.T) {
	for name, c := range map[string]struct {
		method, url, service, region string
		header                       http.Header
		at                           string
		access, secret, want         string
	}{
		"get-vanilla": {"GET", "https://example.amazonaws.com/", "service", "us-east-1", nil, "20150830T123600Z", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"ListUsers": {
			"GET", "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", "iam", "us-east-1",
			http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
			"20150830T123600Z",
			"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
		},
		"list objects": {
			"GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", "s3", "us-east-1", nil, "20130524T000000Z",
			"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
		},
	} {
		request, err := http.NewRequestWithContext(t.Context(), c.method, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range c.header {
			request.Header[name] = values
		}
		at, err := time.Parse("20060102T150405Z", c.at)
		if err != nil {
			t.Fatal(err)
		}
		plain := func(value string) *text { return &text{parts: []part{{literal: value}}} }
		(&sigv4{access: plain(c.access), secret: plain(c.secret), region: plain(c.region), service: plain(c.service)}).sign(request, nil, nil, at, false)
		if got := request.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+c.want) || !strings.Contains(got, "Credential="+c.access+"/"+c.at[:8]+"/"+c.region+"/"+c.service+"/aws4_request") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The text that is signed has every parameter, in one order, whatever order they are in.
func TestTheSignedTextHasOneOrderOfParameters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := rapid.SliceOfN(rapid.StringMatching(`[a-c~ /=é-]{1,3}`), 2, 8).Draw(t, "pairs")
		query, back := map[string][]string{}, map[string][]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			query[pairs[i]] = append(query[pairs[i]], pairs[i+1])
		}
		for name, values := range query {
			back[name] = slices.Clone(values)
			slices.Reverse(back[name])
		}
		one := canonicalQuery(query)
		if two := canonicalQuery(back); one != two || strings.ContainsAny(one, " +/é") || strings.Count(one, "=") != len(pairs)/2 {
			t.Fatalf("%q and %q", one, two)
		}
	})
}

const awsSigned = base + `  method: POST
  body: {a: 1}
  auth: {sigv4: {access_key: "{secret.KEY}", secret_key: "{secret.HOOK}", session_token: "{secret.TOKEN}", region: eu-central-1, service: execute-api}}
`

func TestAPluginSignsWithCredentialsOfAWS(t *testing.T) {
	v := newTarget(t)
	client := v.client()
	client.Secrets = MapSecrets{"KEY": "AKIDEXAMPLE", "HOOK": "the-secret-key", "TOKEN": "the-session"}
	if _, err := client.Do(t.Context(), parse(t, awsSigned), call); err != nil {
		t.Fatal(err)
	}
	r := v.request
	if r.Header.Get("X-Amz-Date") != "20231114T221320Z" || r.Header.Get("X-Amz-Security-Token") != "the-session" || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=") {
		t.Errorf("%v", r.Header)
	}
	shown, err := parse(t, awsSigned).Preview(t.Context(), Call{}, nil)
	if err != nil || !strings.HasSuffix(shown.Headers["Authorization"], "Signature=__signature__") || !strings.Contains(shown.Headers["Authorization"], "Credential=__secret.KEY__/") {
		t.Errorf("%v %v", shown, err)
	}
}
