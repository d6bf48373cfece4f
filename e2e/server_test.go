package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the command line, built once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "ballerine-e2e-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "ballerine")
	build := exec.Command("go", "build", "-o", path, "../cmd/ballerine")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is shipped
	build.Stderr = os.Stderr
	return path, build.Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	if functionsBuilt.Load() {
		folder, _ := compiled()
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// ready is the line that `dev --json` prints.
type ready struct {
	Ready     bool   `json:"ready"`
	API       string `json:"api"`
	Dashboard string `json:"dashboard"`
	Demo      struct {
		Tenant string `json:"tenant"`
		APIKey string `json:"api_key"`
		Users  []struct {
			Email    string   `json:"email"`
			Password string   `json:"password"`
			Roles    []string `json:"roles"`
			Token    string   `json:"token"`
		} `json:"users"`
	} `json:"demo"`
}

// server is a running `ballerine dev`.
type server struct {
	t     *testing.T
	cmd   *exec.Cmd
	data  string
	ready ready
	errs  *bytes.Buffer
}

// start runs `ballerine dev` over a data folder and waits for its ready line.
func start(t *testing.T, data string, args ...string) *server {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, data: data, errs: &bytes.Buffer{}}
	s.cmd = exec.Command(path, append([]string{"dev", "--addr", "127.0.0.1:0", "--data", data, "--json"}, args...)...)
	s.cmd.Stderr = s.errs
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		_ = s.cmd.Wait()
		t.Fatalf("dev ended before it was ready: %s", s.errs)
	}
	if err := json.Unmarshal(lines.Bytes(), &s.ready); err != nil || !s.ready.Ready {
		t.Fatalf("not the ready line: %s (%v)", lines.Text(), err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return s
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	s.t.Helper()
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// stop ends it as Ctrl-C does and fails the test when it is not clean.
func (s *server) stop() {
	s.t.Helper()
	_ = s.cmd.Process.Signal(os.Interrupt)
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("Ctrl-C did not end dev cleanly: %v\n%s", err, s.errs)
	}
}

// token of the demo user with a role.
func (s *server) token(role string) string {
	s.t.Helper()
	for _, user := range s.ready.Demo.Users {
		for _, r := range user.Roles {
			if r == role {
				return user.Token
			}
		}
	}
	s.t.Fatalf("no demo user has the role %s", role)
	return ""
}

// answer is an HTTP answer, decoded.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	raw    []byte
}

func (a answer) code() string { code, _ := a.body["code"].(string); return code }

var client = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 128},
}

// call sends a request; header holds name, value pairs. A body that is not []byte or string is sent as JSON.
func (s *server) call(method, path, credential string, body any, header ...string) (answer, error) {
	var reader io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(b)
	case string:
		reader, contentType = strings.NewReader(b), "application/json"
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		reader, contentType = bytes.NewReader(data), "application/json"
	}
	url := path
	if strings.HasPrefix(path, "/") {
		url = s.ready.API + path
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		return answer{}, err
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if credential != "" {
		request.Header.Set("Authorization", "Bearer "+credential)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode, header: response.Header}
	if a.raw, err = io.ReadAll(response.Body); err != nil {
		return a, err
	}
	_ = json.Unmarshal(a.raw, &a.body) // some answers have no JSON body
	return a, nil
}

// must is call, with a status that has to come.
func (s *server) must(status int, method, path, credential string, body any, header ...string) answer {
	s.t.Helper()
	a, err := s.call(method, path, credential, body, header...)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", method, path, err, s.errs)
	}
	if a.status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s\n%s", method, path, a.status, status, a.raw, s.errs)
	}
	return a
}

// eventually asks until the check holds.
func (s *server) eventually(what string, check func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if check() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("did not come: %s\n%s", what, s.errs)
}
