package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/rclone/gofakes3/signature"

	"ballerine/internal/cases"
	"ballerine/internal/local/objects"
	"ballerine/internal/problem"
	"ballerine/internal/store/s3"
)

type fixture struct {
	*s3.Objects
	created atomic.Int64
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{}
	handler, err := objects.New(objects.Config{Dir: t.TempDir(), Bucket: "documents", AccessKey: "local", SecretKey: "secret", Origins: []string{"https://flow.test"}, OnCreated: func(string) { f.created.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := awss3.New(awss3.Options{
		Region: "local", BaseEndpoint: aws.String(server.URL), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("local", "secret", ""),
	})
	f.Objects = s3.New(client, "documents", time.Now)
	return f
}

var content = []byte("\x89PNG pretend")

func sumOf(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

func (f *fixture) upload(t *testing.T, key string) cases.Upload {
	t.Helper()
	upload, err := f.PresignPut(context.Background(), key, "image/png", int64(len(content)), sumOf(content), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return upload
}

func send(t *testing.T, upload cases.Upload, body []byte, change func(*http.Request)) (int, string) {
	t.Helper()
	request, err := http.NewRequest(upload.Method, upload.URL, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range upload.Headers {
		request.Header.Set(name, value)
	}
	if change != nil {
		change(request)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

func TestAnUploadTakesExactlyWhatWasAnnouncedAndOnlyOnce(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	upload := f.upload(t, "quarantine/a/b/c")
	for _, name := range []string{"content-type", "x-amz-checksum-sha256", "if-none-match"} {
		if upload.Headers[name] == "" {
			t.Errorf("%s is not a header to send: %v", name, upload.Headers)
		}
	}
	other := append([]byte{}, content...)
	other[3] = 'X'
	for name, c := range map[string]struct {
		body   []byte
		change func(*http.Request)
	}{
		"other bytes":      {other, nil},
		"another size":     {append(content, 'x'), nil},
		"another type":     {content, func(r *http.Request) { r.Header.Set("Content-Type", "text/html") }},
		"another checksum": {other, func(r *http.Request) { r.Header.Set("X-Amz-Checksum-Sha256", "AAAA") }},
		"no checksum":      {content, func(r *http.Request) { r.Header.Del("X-Amz-Checksum-Sha256") }},
		"no condition":     {content, func(r *http.Request) { r.Header.Del("If-None-Match") }},
		"another key":      {content, func(r *http.Request) { r.URL.Path = "/documents/quarantine/a/b/d" }},
		"tampered signature": {content, func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Signature=", "X-Amz-Signature=0", 1)
		}},
		"copy smuggled in": {content, func(r *http.Request) { r.Header.Set("X-Amz-Copy-Source", "/documents/x") }},
	} {
		if status, text := send(t, upload, c.body, c.change); status < 400 || status >= 500 || !strings.Contains(text, "<Code>") {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if _, err := f.Head(ctx, "quarantine/a/b/c"); problem.CodeOf(err) != problem.NotFound || f.created.Load() != 0 {
		t.Fatalf("something was stored: %v", err)
	}
	if status, text := send(t, upload, content, nil); status != 200 {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := send(t, upload, content, nil); status != 412 || !strings.Contains(text, "PreconditionFailed") {
		t.Errorf("a second upload to the same link: %d %s", status, text)
	}
	info, err := f.Head(ctx, "quarantine/a/b/c")
	if err != nil || info.Size != int64(len(content)) || info.ContentType != "image/png" || info.SHA256 != sumOf(content) || f.created.Load() != 1 {
		t.Errorf("%+v %v, told %d times", info, err, f.created.Load())
	}
}

func TestALinkExpires(t *testing.T) {
	f := newFixture(t)
	upload := f.upload(t, "k")
	now := signature.TimeNow
	defer func() { signature.TimeNow = now }()
	signature.TimeNow = func() time.Time { return now().Add(time.Minute + time.Second) }
	if status, text := send(t, upload, content, nil); status != 403 || !strings.Contains(text, "expired") {
		t.Errorf("%d %s", status, text)
	}
}

func TestReadMoveAndDelete(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	if status, text := send(t, f.upload(t, "quarantine/x"), content, nil); status != 200 {
		t.Fatal(text)
	}
	for range 2 { // twice: as after a crash between copy and delete
		if err := f.Move(ctx, "quarantine/x", "documents/x"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Read(ctx, "quarantine/x", 4); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("the old key is still there: %v", err)
	}
	if got, err := f.Read(ctx, "documents/x", 4); err != nil || !bytes.Equal(got, content[:4]) {
		t.Errorf("%q %v", got, err)
	}
	if got, err := f.Read(ctx, "documents/x", 1<<20); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%q %v", got, err)
	}
	link, err := f.PresignGet(ctx, "documents/x", "image/png", `doc"; x`, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, _ := io.ReadAll(response.Body); !bytes.Equal(got, content) || response.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), `inline; filename="doc___x"`) {
		t.Errorf("%q %v", got, response.Header)
	}
	for range 2 {
		if err := f.Delete(ctx, "documents/x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Move(ctx, "documents/x", "documents/y"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("moving nothing: %v", err)
	}
}
