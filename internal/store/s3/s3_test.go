package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
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
	"ballerine/internal/watchlists/watchliststest"
)

type fixture struct {
	*s3.Objects
	created atomic.Int64
	dir     string
	damaged []string // what was reported, one after the other
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{dir: t.TempDir()}
	handler, err := objects.New(objects.Config{Dir: f.dir, Bucket: "documents", AccessKey: "local", SecretKey: "secret", Origins: []string{"https://flow.test"}, OnCreated: func(string) { f.created.Add(1) }, OnDamaged: func(key, what string) { f.damaged = append(f.damaged, key+" "+what) }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client := awss3.New(awss3.Options{
		Region: "local", BaseEndpoint: aws.String(server.URL), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider("local", "secret", ""), Retryer: aws.NopRetryer{},
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
		t.Errorf("%+v %v, notified %d times", info, err, f.created.Load())
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

func TestReadCopyAndDelete(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	if status, text := send(t, f.upload(t, "quarantine/x"), content, nil); status != 200 {
		t.Fatal(text)
	}
	for range 2 {
		if err := f.Copy(ctx, "quarantine/x", "documents/x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Delete(ctx, "quarantine/x"); err != nil {
		t.Fatal(err)
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
	link, err := f.PresignGet(ctx, "documents/x", "", "image/png", `doc"; x`, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, _ := io.ReadAll(response.Body); !bytes.Equal(got, content) || response.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), `attachment; filename="doc___x"`) {
		t.Errorf("%q %v", got, response.Header)
	}
	for range 2 {
		if err := f.Delete(ctx, "documents/x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Copy(ctx, "documents/x", "documents/y"); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("copying nothing: %v", err)
	}
}

// TestADamagedObjectIsNeitherMissingNorServed changes the one file of an object: its head, with the metadata, and its content.
func TestADamagedObjectIsNeitherMissingNorServed(t *testing.T) {
	const key = "documents/a/b/c"
	for name, c := range map[string]struct {
		change func(text []byte) []byte // nil: the file is removed
		what   string                   // "": it is missing
	}{
		"missing":                     {nil, ""},
		"emptied":                     {func([]byte) []byte { return nil }, "length"},
		"content cut":                 {func(text []byte) []byte { return text[:len(text)-1] }, "length"},
		"content gone":                {func(text []byte) []byte { return text[:len(text)-len(content)] }, "length"},
		"content longer":              {func(text []byte) []byte { return append(text, 'x') }, "length"},
		"a byte of the content":       {func(text []byte) []byte { text[len(text)-1] ^= 1; return text }, "content"},
		"metadata cut":                {func(text []byte) []byte { return text[:20] }, "length"},
		"metadata zeros":              {func(text []byte) []byte { clear(text[4:40]); return text }, "metadata"},
		"the metadata's length":       {func(text []byte) []byte { text[0] ^= 0x40; return text }, "metadata"},
		"a byte of the type":          {func(text []byte) []byte { return bytes.Replace(text, []byte("image/png"), []byte("image/pnf"), 1) }, "metadata"},
		"a byte of the checksum kept": {func(text []byte) []byte { return bytes.Replace(text, []byte(`"md5":"`), []byte(`"md4":"`), 1) }, "metadata"},
	} {
		t.Run(name, func(t *testing.T) {
			f, ctx := newFixture(t), t.Context()
			upload := f.upload(t, key)
			if status, text := send(t, upload, content, nil); status != 200 {
				t.Fatal(text)
			}
			f.spoil(t, c.change)
			link, err := f.PresignGet(ctx, key, "", "image/png", "doc", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			status, text := send(t, cases.Upload{Method: "GET", URL: link}, nil, nil)
			_, headErr := f.Head(ctx, key)
			_, readErr := f.Read(ctx, key, 2)
			errs := map[string]error{"head": headErr, "read": readErr, "copy": f.Copy(ctx, key, "documents/other")}
			if c.what == "" {
				for call, err := range errs {
					if problem.CodeOf(err) != problem.NotFound {
						t.Errorf("%s: %v", call, err)
					}
				}
				if status != 404 || len(f.damaged) != 0 {
					t.Errorf("%d %s, reported %v", status, text, f.damaged)
				}
				return
			}
			for call, err := range errs {
				if problem.CodeOf(err) != problem.DocumentDamaged || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "damaged") {
					t.Errorf("%s: %v", call, err)
				}
			}
			if status != 500 || !strings.Contains(text, "<Code>ObjectDamaged</Code>") || !strings.Contains(text, key) {
				t.Errorf("%d %s", status, text)
			}
			if want := slices.Repeat([]string{key + " " + c.what}, 4); !slices.Equal(f.damaged, want) {
				t.Errorf("reported %v, want %v", f.damaged, want)
			}
			if status, text := send(t, upload, content, nil); status != 500 || !strings.Contains(text, "damaged") {
				t.Errorf("the link of the upload replaces what is damaged: %d %s", status, text)
			}
		})
	}
}

// spoil changes the only file.
func (f *fixture) spoil(t *testing.T, change func([]byte) []byte) {
	t.Helper()
	files, err := os.ReadDir(f.dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v %v", files, err)
	}
	path := filepath.Join(f.dir, files[0].Name())
	if change == nil {
		err = os.Remove(path)
	} else {
		var text []byte
		if text, err = os.ReadFile(path); err == nil {
			err = os.WriteFile(path, change(text), 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestWatchListsAreKept(t *testing.T) { watchliststest.Objects(t, newFixture(t)) }
