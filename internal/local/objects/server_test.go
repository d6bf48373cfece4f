package objects

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestWhatIsServedIsNotGuessedAtAndHasNoRightsOfItsOrigin(t *testing.T) {
	files, err := New(Config{Dir: t.TempDir(), Bucket: "bucket", AccessKey: "a", SecretKey: "s"})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut} {
		w := httptest.NewRecorder()
		files.ServeHTTP(w, httptest.NewRequest(method, "/bucket/documents/one", nil))
		if h := w.Header(); h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
			t.Errorf("%s: %d %v", method, w.Code, h)
		}
	}
}
